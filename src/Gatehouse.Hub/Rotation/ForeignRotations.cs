using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation;

/// <summary>The plans of other rooms: they see those for what they keep themselves, and no others.</summary>
internal sealed class ForeignRotations(Rotations rotations) : IRotationPlans
{
    public async Task<IReadOnlyList<PlanView>> ListAsync(HubName tenant, CancellationToken cancellationToken) => [.. (await rotations.ListAsync(tenant, cancellationToken)).Select(View)];

    public async Task<Result<PlanView>> FindAsync(HubName tenant, string planId, CancellationToken cancellationToken) => View(await rotations.FindAsync(tenant, planId, cancellationToken));

    public async Task<Result<PlanView>> CreateAsync(HubName tenant, PlanInput input, bool isDrill, string actor, CancellationToken cancellationToken) => View(await rotations.CreateAsync(
        tenant,
        new RotationInput { Kind = input.Kind, Subject = input.Subject, FirstKey = input.FirstKey, UnusedForSeconds = input.UnusedForSeconds, AtLatestSeconds = input.AtLatestSeconds, BeginAt = input.BeginAt, BeginInSeconds = input.BeginInSeconds },
        isDrill,
        actor,
        cancellationToken));

    public async Task<Result<PlanView>> ChangeAsync(HubName tenant, string planId, string change, string actor, CancellationToken cancellationToken) => View(change switch
    {
        "start" => await rotations.StartAsync(tenant, planId, actor, cancellationToken),
        "pause" => await rotations.PauseAsync(tenant, planId, actor, cancellationToken),
        "resume" => await rotations.ResumeAsync(tenant, planId, actor, cancellationToken),
        "cancel" => await rotations.CancelAsync(tenant, planId, actor, cancellationToken),
        _ => HubErrors.ArgumentInvalid.With("A plan can be changed by start, pause, resume and cancel."),
    });

    private static Result<PlanView> View(Result<RotationPlan> plan) => plan.IsOk ? View(plan.Value) : plan.Error;

    private static PlanView View(RotationPlan plan) => new()
    {
        Id = plan.Id,
        Kind = plan.Kind,
        Subject = plan.Subject,
        FirstKey = plan.FirstKey!,
        LastKey = plan.LastKey!,
        State = plan.State,
        Message = plan.Message,
        UnusedForSeconds = (long)plan.UnusedFor.TotalSeconds,
        AtLatestSeconds = (long?)plan.AtLatest?.TotalSeconds,
        Created = plan.Created.UtcDateTime,
        Ended = plan.Ended?.UtcDateTime,
        Begins = plan.Begins?.UtcDateTime,
        IsByRule = plan.IsByRule,
        Steps = [.. plan.Steps.Select(static step => new PlanStepView(step.Name, step.State, step.Began?.UtcDateTime, step.Ended?.UtcDateTime, (long?)step.Watched?.TotalSeconds, step.Live))],
    };
}
