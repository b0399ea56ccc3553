namespace Gatehouse.Hub.Rotation;

/// <summary>One node's hold on plans and rules: whoever has it carries them out, until it does not renew it.</summary>
/// <param name="owner">This node.</param>
/// <param name="time">Clock.</param>
/// <param name="span">How long it holds; longer than the time between two looks.</param>
internal sealed class RotationLease(string owner, TimeProvider time, TimeSpan span)
{
    /// <summary>For plans, which are looked at every few seconds.</summary>
    internal static readonly TimeSpan OfPlans = TimeSpan.FromSeconds(30);

    internal string Owner => owner;

    internal long Until => (time.GetUtcNow() + span).UtcTicks;

    internal bool IsMine(RotationRow row) => row.Owner == owner;

    internal bool IsOthers(RotationRow row) => IsOthers(row.Owner, row.LeasedUntil);

    // A lease that ends later than any that is given now was given before the clock was set back.
    internal bool IsOthers(string holder, long leasedUntil) =>
        holder.Length > 0 && holder != owner && leasedUntil > time.GetUtcNow().UtcTicks && leasedUntil <= Until;

    internal RotationRow Take(RotationRow row) => row with { Owner = owner, LeasedUntil = Until };
}
