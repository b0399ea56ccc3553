using System.Globalization;
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

    public bool RenewsFirst => keys.RenewsFirst;

    public IReadOnlyList<HubName>? Tenants => keys.Tenants;

    public async Task<Result<RotationRow>> DrawAsync(RotationRow plan, RotationInput input, CancellationToken cancellationToken)
    {
        var tenant = HubName.Parse(plan.Hub);
        if (string.IsNullOrEmpty(input.Subject) || !keys.Tenants.Contains(tenant))
        {
            return HubErrors.ArgumentInvalid.With("subject must name what has the keys.");
        }

        if (input.FirstKey is { } given && given != keys.Slots.Primary && given != keys.Slots.Secondary)
        {
            return HubErrors.ArgumentInvalid.With($"firstKey must be {keys.Slots.Primary} or {keys.Slots.Secondary}.");
        }

        var found = await keys.FindAsync(tenant, input.Subject, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var use = await keys.ReadUseAsync(tenant, found.Value, isDecisive: true, cancellationToken);
        var isPrimaryOlder = use.Primary.Live < use.Secondary.Live || (use.Primary.Live == use.Secondary.Live && use.Primary.LastUsed < use.Secondary.LastUsed);
        var first = input.FirstKey ?? (isPrimaryOlder ? keys.Slots.Primary : keys.Slots.Secondary);
        var last = first == keys.Slots.Primary ? use.Secondary : use.Primary;
        return plan with { Subject = found.Value, FirstKey = first, OldWasUsed = last.LastUsed > 0 || last.Live > 0 ? 1 : 0 };
    }

    public string LastKey(RotationRow plan) => plan.FirstKey == keys.Slots.Primary ? keys.Slots.Secondary : keys.Slots.Primary;

    public RotationWords WordsFor(RotationRow plan)
    {
        var (first, last) = (Word(plan.FirstKey), Word(LastKey(plan)));
        var words = keys.WordsFor(plan.Subject);
        return new RotationWords
        {
            Subject = words.Subject,
            First = $"{first} {keys.What}",
            Last = $"{last} {keys.What}",
            What = keys.What,
            HandOut = string.Format(CultureInfo.InvariantCulture, words.HandOut, first),
            Finders = ($"gatehouse credential users {words.Selector}/{plan.FirstKey}", $"gatehouse credential users {words.Selector}/{LastKey(plan)}"),
            Outcome = keys.RenewsFirst ? $"Both {keys.What}s are new" : $"The {last} {keys.What} is gone",
            FirstSteps = keys.RenewsFirst ? [$"wait until nobody uses the {first} {keys.What}", $"regenerate the {first} {keys.What}"] : [],
            LastStep = keys.RenewsFirst ? $"regenerate the {last} {keys.What}" : $"take the {last} {keys.What} out",
        };
    }

    public async Task<long> LastUsedAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) => (await UseAsync(hub, plan, key, cancellationToken)).LastUsed;

    public async Task<long> CountLiveAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) => (await UseAsync(hub, plan, key, cancellationToken)).Live;

    public Task<HubError?> LockAsync(WriteTransaction write, SqlDialect dialect, HubName tenant, CancellationToken cancellationToken) => keys.LockAsync(write, tenant, cancellationToken);

    public Task<string?> FindRivalAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RotationRows.FindOpenAsync(write, plan, cancellationToken);

    public Task<string?> MarkAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.MarkAsync(write, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);

    public Task<bool> IsLastWayInAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.IsLastWayInAsync(write, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);

    public Task<string?> FindHoldAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => keys.FindHoldAsync(write, HubName.Parse(plan.Hub), plan.Subject, LastKey(plan), cancellationToken);

    public Task<string> RenewFirstAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        keys.RenewAsync(write, HubName.Parse(plan.Hub), plan.Subject, plan.FirstKey, plan.StepActor, cancellationToken);

    public Task<string> RetireLastAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        keys.RenewAsync(write, HubName.Parse(plan.Hub), plan.Subject, LastKey(plan), plan.StepActor, cancellationToken);

    private async Task<RotatedKeyUse> UseAsync(HubName tenant, RotationRow plan, string key, CancellationToken cancellationToken)
    {
        var isNearEnd = plan.Watched + NearEnd.Ticks >= plan.Quiet || (plan.AtLatest > 0 && plan.Waited + NearEnd.Ticks >= plan.AtLatest);
        var use = await keys.ReadUseAsync(tenant, plan.Subject, isNearEnd, cancellationToken);
        return key == keys.Slots.Primary ? use.Primary : use.Secondary;
    }

    private string Word(string key) => key == keys.Slots.Primary ? "primary" : "secondary";
}
