namespace Gatehouse.Hub.Rotation;

/// <summary>One node's hold on plans: whoever has it carries the plan out, until it does not renew it.</summary>
/// <param name="owner">This node.</param>
/// <param name="time">Clock.</param>
internal sealed class RotationLease(string owner, TimeProvider time)
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(30);

    internal bool IsMine(RotationRow row) => row.Owner == owner;

    // A lease that ends later than any that is given now was given before the clock was set back.
    internal bool IsOthers(RotationRow row) =>
        row.Owner.Length > 0 && row.Owner != owner && row.LeasedUntil > time.GetUtcNow().UtcTicks && row.LeasedUntil <= (time.GetUtcNow() + Span).UtcTicks;

    internal RotationRow Take(RotationRow row) => row with { Owner = owner, LeasedUntil = (time.GetUtcNow() + Span).UtcTicks };
}
