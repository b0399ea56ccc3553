using System.Globalization;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation;

/// <summary>Both keys of something that another room keeps.</summary>
internal sealed class ForeignKeyRotation(IRotatedKeys keys) : IRotationKind
{
    // A look may be as long after the one before; from then on a key may go.
    private static readonly TimeSpan NearEnd = TimeSpan.FromSeconds(15);

    public string Name => keys.Kind;

    public bool RenewsFirst => true;

    public IReadOnlyList<HubName>? Tenants => keys.Tenants;

    public async Task<Result<RotationRow>> DrawAsync(RotationRow plan, RotationInput input, CancellationToken cancellationToken)
    {
        var tenant = HubName.Parse(plan.Hub);
        if (string.IsNullOrEmpty(input.Subject) || !keys.Tenants.Contains(tenant))
        {
            return HubErrors.ArgumentInvalid.With("subject must name what has the keys.");
        }

        if (input.FirstKey is not (null or CredentialName.PrimaryKey or CredentialName.SecondaryKey))
        {
            return HubErrors.ArgumentInvalid.With("firstKey must be primaryKey or secondaryKey.");
        }

        var found = await keys.FindAsync(tenant, input.Subject, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var use = await keys.ReadUseAsync(tenant, found.Value, isDecisive: true, cancellationToken);
        var isPrimaryOlder = use.Primary.Live < use.Secondary.Live || (use.Primary.Live == use.Secondary.Live && use.Primary.LastUsed < use.Secondary.LastUsed);
        var first = input.FirstKey ?? (isPrimaryOlder ? CredentialName.PrimaryKey : CredentialName.SecondaryKey);
        var last = first == CredentialName.PrimaryKey ? use.Secondary : use.Primary;
        return plan with { Subject = found.Value, FirstKey = first, OldWasUsed = last.LastUsed > 0 || last.Live > 0 ? 1 : 0 };
    }

    public string LastKey(RotationRow plan) => plan.FirstKey == CredentialName.PrimaryKey ? CredentialName.SecondaryKey : CredentialName.PrimaryKey;

    public RotationWords WordsFor(RotationRow plan)
    {
        var (first, last) = (Word(plan.FirstKey), Word(LastKey(plan)));
        var words = keys.WordsFor(plan.Subject);
        return new RotationWords
        {
            Subject = words.Subject,
            First = $"{first} key",
            Last = $"{last} key",
            What = "key",
            HandOut = string.Format(CultureInfo.InvariantCulture, words.HandOut, first),
            Finders = ($"gatehouse credential users {words.Selector}/{plan.FirstKey}", $"gatehouse credential users {words.Selector}/{LastKey(plan)}"),
            Outcome = "Both keys are new",
            FirstSteps = [$"wait until nobody uses the {first} key", $"regenerate the {first} key"],
            LastStep = $"regenerate the {last} key",
        };
    }

    public async Task<long> LastUsedAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) => (await UseAsync(hub, plan, key, cancellationToken)).LastUsed;

    public async Task<long> CountLiveAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) => (await UseAsync(hub, plan, key, cancellationToken)).Live;

    public Task<HubError?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName tenant, CancellationToken cancellationToken) => keys.LockAsync(write, tenant, cancellationToken);

    public Task<string?> FindRivalAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RotationRows.FindOpenAsync(write, plan, cancellationToken);

    public Task<string?> MarkAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.MarkAsync(write, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);

    public Task<bool> IsLastWayInAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.IsLastWayInAsync(write, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);

    public Task<string?> FindHoldAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.FindHoldAsync(write, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);

    public Task<string> RenewFirstAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        keys.RenewAsync(write, HubName.Parse(plan.Hub), plan.Subject, plan.FirstKey, plan.StepActor, cancellationToken);

    public Task<string> RetireLastAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        keys.RenewAsync(write, HubName.Parse(plan.Hub), plan.Subject, LastKey(plan), plan.StepActor, cancellationToken);

    private async Task<RotatedKeyUse> UseAsync(HubName tenant, RotationRow plan, string key, CancellationToken cancellationToken)
    {
        var isNearEnd = plan.Watched + NearEnd.Ticks >= plan.Quiet || (plan.AtLatest > 0 && plan.Waited + NearEnd.Ticks >= plan.AtLatest);
        var use = await keys.ReadUseAsync(tenant, plan.Subject, isNearEnd, cancellationToken);
        return key == CredentialName.PrimaryKey ? use.Primary : use.Secondary;
    }

    private static string Word(string key) => key == CredentialName.PrimaryKey ? "primary" : "secondary";
}
