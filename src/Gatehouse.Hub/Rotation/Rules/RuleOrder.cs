using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>A rule that has a plan made: in the transaction in which the plan comes to be, what it is about is noted as tried, so that whatever becomes of the plan there is no second one at once.</summary>
/// <param name="Owner">The node that holds the rule.</param>
/// <param name="Retry">When those that are still too old may get another plan: UTC ticks.</param>
internal sealed record RuleOrder(string Owner, long Retry)
{
    /// <summary>What is said when <see cref="FillAsync"/> is false.</summary>
    internal static HubError Gone { get; } = HubErrors.GenericConflict.With("The rule was taken away, or another node has it by now.");

    /// <summary>False when this node does not hold the rule any more, or it is gone.</summary>
    internal async Task<bool> FillAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        if (!await RuleRows.NoteBegunAsync(write, HubName.Parse(plan.Hub), plan.Kind, Owner, plan.Created, cancellationToken))
        {
            return false;
        }

        var reason = $"The plan {plan.PlanId} was made for it.";
        await (plan.Kind == Rotations.DeviceKey
            ? TryRows.AddMembersAsync(write, plan, Retry, reason, cancellationToken)
            : TryRows.AddAsync(write, [new TryRow { Hub = plan.Hub, Kind = plan.Kind, Subject = plan.Subject, Tried = plan.Created, Retry = Retry, Reason = reason }], cancellationToken));
        return true;
    }
}
