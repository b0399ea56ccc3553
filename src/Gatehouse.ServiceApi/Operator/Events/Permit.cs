using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary>The right to go on with a long answer: judged again when the caller's policy changes, and at intervals, by the same token.</summary>
/// <remarks>Ends with the token's life, with the key it was signed with, and with the policy's right.</remarks>
internal sealed class Permit : IAsyncDisposable
{
    // A signal can be lost, and a token ends without one.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Func<CancellationToken, ValueTask<Verdict>> judge;
    private readonly Operation row;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ended = new();
    private readonly CancellationTokenSource stopped = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly IDisposable subscription;
    private readonly Task watching;

    /// <param name="judge">Authenticates the request again.</param>
    /// <param name="row">What it must still be allowed to do.</param>
    /// <param name="principal">Who it was at the beginning.</param>
    /// <param name="signals">Tell of changed policies.</param>
    /// <param name="time">Clock.</param>
    internal Permit(Func<CancellationToken, ValueTask<Verdict>> judge, Operation row, Principal principal, ISignals signals, TimeProvider time)
    {
        (this.judge, this.row, this.time) = (judge, row, time);
        subscription = signals.Subscribe(SignalSubjects.PolicyChanged, signal =>
        {
            if (signal.Hub == principal.Hub.Value && (signal.Key.Length == 0 || signal.Key == principal.PolicyName))
            {
                changed.Release();
            }
        });
        watching = WatchAsync(principal);
    }

    /// <summary>Cancelled when the right is gone.</summary>
    internal CancellationToken Ended => ended.Token;

    public async ValueTask DisposeAsync()
    {
        subscription.Dispose();
        await stopped.CancelAsync();
        await watching;
        stopped.Dispose();
        ended.Dispose();
    }

    private async Task WatchAsync(Principal principal)
    {
        try
        {
            while (await IsStillAllowedAsync(principal))
            {
                await WaitAsync(principal);
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            return;
        }
        catch (Exception)
        {
            // What cannot be judged is not allowed.
        }

        await ended.CancelAsync();
    }

    private async ValueTask<bool> IsStillAllowedAsync(Principal principal) =>
        await judge(stopped.Token) is Verdict.Accepted accepted && accepted.Principal.Hub == principal.Hub && row.IsAllowed(accepted.Principal.Rights);

    private async Task WaitAsync(Principal principal)
    {
        var left = principal.ExpiresAt is { } end ? end - time.GetUtcNow() : Interval;
        var wait = left < Shortest ? Shortest : left > Interval ? Interval : left;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
        await Task.WhenAny(changed.WaitAsync(either.Token), Task.Delay(wait, time, either.Token));
        await either.CancelAsync();
        stopped.Token.ThrowIfCancellationRequested();
    }
}
