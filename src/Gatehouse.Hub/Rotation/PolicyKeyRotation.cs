using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>Both keys of a shared access policy.</summary>
internal sealed class PolicyKeyRotation(Database database, CredentialUsage usage, SharedAccessPolicies policies) : IRotationKind
{
    public string Name => Rotations.PolicyKey;

    public bool RenewsFirst => true;

    public async Task<Result<RotationRow>> DrawAsync(RotationRow plan, RotationInput input, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(input.Policy))
        {
            return HubErrors.ArgumentInvalid.With("policy must name a shared access policy.");
        }

        if (input.FirstKey is not (null or CredentialName.PrimaryKey or CredentialName.SecondaryKey))
        {
            return HubErrors.ArgumentInvalid.With("firstKey must be primaryKey or secondaryKey.");
        }

        // Its name as it is spelled, by which uses are known.
        var hub = HubName.Parse(plan.Hub);
        var rows = await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, hub, cancel), cancellationToken);
        if (SharedAccessPolicies.Find(rows, input.Policy) is not { } policy)
        {
            return SharedAccessPolicies.NotFound(input.Policy);
        }

        var named = plan with { Subject = policy.Name };
        var primary = await LastUsedAsync(hub, named, CredentialName.PrimaryKey, cancellationToken);
        var secondary = await LastUsedAsync(hub, named, CredentialName.SecondaryKey, cancellationToken);
        var first = input.FirstKey ?? (primary < secondary ? CredentialName.PrimaryKey : CredentialName.SecondaryKey);
        return named with { FirstKey = first, OldWasUsed = (first == CredentialName.PrimaryKey ? secondary : primary) > 0 ? 1 : 0 };
    }

    public string LastKey(RotationRow plan) => plan.FirstKey == CredentialName.PrimaryKey ? CredentialName.SecondaryKey : CredentialName.PrimaryKey;

    public RotationWords WordsFor(RotationRow plan)
    {
        var (first, last) = (Word(plan.FirstKey), Word(LastKey(plan)));
        return new RotationWords
        {
            Subject = $"policy '{plan.Subject}'",
            First = first,
            Last = last,
            What = "key",
            HandOut = $"Hand it to the clients of '{plan.Subject}' (gatehouse policy show {plan.Subject})",
            Finders = (Finder(plan, plan.FirstKey), Finder(plan, LastKey(plan))),
            Outcome = "Both keys are new",
            FirstSteps = [$"wait until nobody uses the {first}", $"regenerate the {first}"],
            LastStep = $"regenerate the {last}",
        };
    }

    public async Task<long> LastUsedAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) =>
        (await usage.CountAsync(hub, Selector(plan, key), DateTimeOffset.MinValue, cancellationToken)).LastUsed?.UtcTicks ?? 0;

    public async Task<long> CountLiveAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) =>
        (await usage.CountLiveAsync(hub, Selector(plan, key), cancellationToken)).All;

    public Task<string?> FindRivalAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RotationRows.FindOpenAsync(write, plan, cancellationToken);

    public async Task<string?> MarkAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        SharedAccessPolicies.Find(await ReadAsync(write, plan, cancellationToken), plan.Subject) is { } policy ? AccessPolicy.ETagOf(policy) : null;

    public async Task<bool> IsLastWayInAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        (await ReadAsync(write, plan, cancellationToken)).All(each => each.Rights != (long)Rights.Owner || each.Name == plan.Subject);

    public Task<string> RenewFirstAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RenewAsync(write, plan, plan.FirstKey, cancellationToken);

    public Task<string> RetireLastAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RenewAsync(write, plan, LastKey(plan), cancellationToken);

    private async Task<string> RenewAsync(WriteTransaction write, RotationRow plan, string key, CancellationToken cancellationToken)
    {
        var policy = SharedAccessPolicies.Find(await ReadAsync(write, plan, cancellationToken), plan.Subject)!;
        var renewal = key == CredentialName.PrimaryKey ? KeyRenewal.Primary : KeyRenewal.Secondary;
        return AccessPolicy.ETagOf(await policies.RenewAsync(write, policy, renewal, plan.StepActor, cancellationToken));
    }

    private static Task<IReadOnlyList<PolicyRow>> ReadAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        PolicyRows.ReadAllAsync(write.Connection, HubName.Parse(plan.Hub), cancellationToken, write.Transaction);

    private static CredentialSelector Selector(RotationRow plan, string key) => CredentialSelector.Parse(CredentialName.OfPolicy(plan.Subject, key)).Value;

    private static string Finder(RotationRow plan, string key) => $"gatehouse credential users {CredentialName.OfPolicy(plan.Subject, key)}";

    private static string Word(string key) => key == CredentialName.PrimaryKey ? "primary key" : "secondary key";
}
