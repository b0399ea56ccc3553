using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Store.TrustLog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.TrustLog;

/// <summary>Keeps the trust log going: looks at it at the start, gives entries their places, signs.</summary>
/// <remarks>
/// A signature is of a tree that is durable, and is made outside of any transaction: a key store that does not answer holds up nothing but the next checkpoint. Nodes need not agree on who does it:
/// there is one tree, and two signatures of it say the same.
/// </remarks>
public sealed class TrustLogKeeper(TrustLogStore store, SecretVault vault, HubOptions options, TrustLogMetrics metrics, TimeProvider time, ILogger<TrustLogKeeper> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LastTurn = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1);
    private readonly TrustLogSigner signer = new(vault.Custody);
    private bool isChecked;
    private int disposed;

    /// <summary>What of the stored log is not as it was signed; null when nothing is known. While it is set nothing is signed on this node.</summary>
    public string? Problem { get; private set; }

    /// <summary>Why this node cannot sign; null when it can.</summary>
    public string? KeyProblem { get; private set; }

    /// <summary>For tests: told before each step, and may end it.</summary>
    internal Action<string> Before { get; set; } = static _ => { };

    /// <summary>One look: what waits gets its place and a signature.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await CheckAsync(cancellationToken);
            if (Problem is null)
            {
                await WorkAsync(cancellationToken);
            }
        }
        catch (TrustLogBrokenException broken)
        {
            Stop(broken.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The log signs by another key from the next checkpoint on, which the present one announces. ArgumentInvalid, GenericConflict, and what key stores say.</summary>
    /// <param name="hub">Whose policy does it.</param>
    /// <param name="key">Address of the key; made where there is none.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Result<TrustLogState>> ChangeKeyAsync(HubName hub, string? key, string actor, CancellationToken cancellationToken) => KeyAddress.TryParse(key, out var address)
        ? InTurnAsync(
            async () =>
            {
                var keyOf = await Task.Run(() => signer.OpenOrCreate(address), CancellationToken.None);
                var announced = await store.AnnounceAsync(address.ToString(), keyOf, new AuditRecord { Hub = hub.Value, Actor = actor, Action = "trustlog.key", Subject = "" }, cancellationToken);
                return announced.IsOk ? null : announced.Error;
            },
            cancellationToken)
        : Task.FromResult<Result<TrustLogState>>(HubErrors.ArgumentInvalid.With($"The key must be {KeyAddress.Forms}."));

    /// <summary>Begins another log with what is left of one that was tampered with. InvalidOperation where nothing is wrong.</summary>
    public Task<Result<TrustLogState>> BeginAnewAsync(HubName hub, string actor, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            isChecked = false;
            await CheckAsync(cancellationToken);
            if (Problem is not { } problem)
            {
                return HubErrors.InvalidOperation.With("The stored trust log is the one that was signed: there is no reason to begin another.");
            }

            var (origin, address) = signer.New(options.TrustLogHost);
            var key = (await Task.Run(() => signer.OpenOrCreate(address), CancellationToken.None))(origin);
            await store.BeginAnewAsync(origin, address.ToString(), key, new AuditRecord { Hub = hub.Value, Actor = actor, Action = "trustlog.begin-anew", Subject = "" }, problem, cancellationToken);
            Problem = null;
            metrics.Broken(false);
            return null;
        },
        cancellationToken);

    public override void Dispose()
    {
        // It is registered as a singleton and as a hosted service, and disposed of as both.
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        // Who is at it has a key open, and perhaps makes one.
        base.Dispose();
        _ = turn.Wait(LastTurn);
        signer.Dispose();
        turn.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var isTold = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StepAsync(stoppingToken);
                isTold = false;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested && error is not OutOfMemoryException)
            {
                if (!isTold)
                {
                    log.NotWritten(error);
                }

                isTold = true;
            }
            catch (Exception)
            {
                // The server stops; what waits has its place after the next start.
                return;
            }

            await Task.Delay(Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Before anything is signed by this process the whole log is read: what was changed while nobody looked must not be signed over.
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (isChecked)
        {
            return;
        }

        var problem = await store.FindProblemAsync(cancellationToken);
        isChecked = true;
        if (problem is not null)
        {
            Stop(problem);
        }
        else if (await store.ReadAsync(cancellationToken) is { } state)
        {
            metrics.Signed(state.CheckpointSize);
            log.Opened(state.Origin, state.Size, state.Signing.Address);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        var state = await store.ReadAsync(cancellationToken) ?? await BeginAsync(cancellationToken);
        if (state is null)
        {
            return;
        }

        while (await store.IsWaitingAsync(cancellationToken))
        {
            Before("sequence");
            state = await store.SequenceAsync(cancellationToken) ?? state;
        }

        if (state.Checkpoint is null || state.CheckpointSize < state.Size || state.Announced is not null)
        {
            Before("sign");
            if (await SignAsync(state) is { } note)
            {
                Before("save");
                await store.SaveCheckpointAsync(state.Size, note, state.Signing.Number, cancellationToken);
                metrics.Signed(state.Size);
                Before("end");
            }
        }
    }

    private async Task<TrustLogState?> BeginAsync(CancellationToken cancellationToken)
    {
        var (origin, address) = signer.New(options.TrustLogHost);
        try
        {
            var key = (await Task.Run(() => signer.OpenOrCreate(address), cancellationToken))(origin);
            Before("begin");
            await store.BeginAsync(origin, address.ToString(), key, cancellationToken);
            return await store.ReadAsync(cancellationToken);
        }
        catch (KeysException error)
        {
            TellKey(error.Message, address.ToString());
            return null;
        }
    }

    private async Task<string?> SignAsync(TrustLogState state)
    {
        try
        {
            var note = await Task.Run(() => signer.Sign(state));
            TellKey(null, state.Signing.Address);
            return note;
        }
        catch (KeysException error)
        {
            TellKey(error.Message, state.Signing.Address);
            return null;
        }
    }

    private void TellKey(string? problem, string key)
    {
        if (problem is not null && KeyProblem is null)
        {
            log.KeyLost(problem);
        }
        else if (problem is null && KeyProblem is not null)
        {
            log.KeyBack(key);
        }

        KeyProblem = problem;
    }

    private void Stop(string problem)
    {
        Problem = problem;
        metrics.Broken(true);
        log.Broken(problem);
    }

    private async Task<Result<TrustLogState>> InTurnAsync(Func<Task<HubError?>> change, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (await change() is { } error)
            {
                return error;
            }

            return await store.ReadAsync(cancellationToken) is { } state ? state : HubErrors.ServiceUnavailable.With("The trust log has not begun yet.");
        }
        catch (KeysException error)
        {
            return (error.Fault switch { KeysFault.Exists => HubErrors.GenericConflict, KeysFault.Unavailable => HubErrors.ServiceUnavailable, _ => HubErrors.InvalidOperation }).With(error.Message);
        }
        finally
        {
            turn.Release();
        }
    }
}
