using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>What operators do with the certificate of the node that they speak with, recorded in the audit log.</summary>
/// <remarks>The certificate lies in files and the audit log in the store: no transaction spans both. The record of a change lies in the file of the change until the log has it, and at worst stands there twice.</remarks>
public sealed class ServerCertificateChanges(IServerCertificates certificates, Radar radar, Database database) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>What is shown, and the change that is under way.</summary>
    public ServerCertificateState Read() => certificates.Read();

    /// <summary>As <see cref="IServerCertificates.Stage"/> does it.</summary>
    /// <param name="hub">Whose policy does it.</param>
    /// <param name="next">What is to be shown.</param>
    /// <param name="isDrill">Only check and tell.</param>
    /// <param name="actor">For the audit record.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>And, when the root changes, the radar's counts of who stands under the present one.</returns>
    public async Task<Result<(ServerCertificateState State, RadarCounts? Concerned)>> StageAsync(HubName hub, NextCertificate next, bool isDrill, string actor, CancellationToken cancellationToken)
    {
        var staged = await ChangeAsync(() => certificates.Stage(next, isDrill, new ChangedBy(hub.Value, actor)), cancellationToken);
        if (!staged.IsOk)
        {
            return staged.Error;
        }

        var root = staged.Value.Present.Root;
        if (staged.Value.Next?.Root == root || (staged.Value.Next is null && !next.IsNewRoot))
        {
            return (staged.Value, null);
        }

        // It is staged already: that the radar cannot look is no failure.
        var seen = await radar.LookAsync(hub, RadarChange.ServerIssuerPrefix + root, null, null, 1, cancellationToken);
        return (staged.Value, seen.IsOk ? seen.Value.Counts : null);
    }

    /// <summary>As <see cref="IServerCertificates.Canary"/> does it.</summary>
    public Task<Result<ServerCertificateState>> CanaryAsync(HubName hub, int percent, int rollBackAt, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(() => certificates.Canary(percent, rollBackAt, new ChangedBy(hub.Value, actor)), cancellationToken);

    /// <summary>As <see cref="IServerCertificates.Switch"/> does it.</summary>
    public Task<Result<ServerCertificateState>> SwitchAsync(HubName hub, int rollBackAt, TimeSpan watch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(() => certificates.Switch(rollBackAt, watch, new ChangedBy(hub.Value, actor)), cancellationToken);

    /// <summary>As <see cref="IServerCertificates.RollBack"/> does it.</summary>
    public Task<Result<ServerCertificateState>> RollBackAsync(HubName hub, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(() => certificates.RollBack(new ChangedBy(hub.Value, actor)), cancellationToken);

    /// <summary>As <see cref="IServerCertificates.Discard"/> does it.</summary>
    public Task<Result<ServerCertificateState>> DiscardAsync(HubName hub, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(() => certificates.Discard(new ChangedBy(hub.Value, actor)), cancellationToken);

    /// <summary>As <see cref="IServerCertificates.Retire"/> does it.</summary>
    public Task<Result<ServerCertificateState>> RetireAsync(HubName hub, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(() => certificates.Retire(new ChangedBy(hub.Value, actor)), cancellationToken);

    public void Dispose() => turn.Dispose();

    /// <summary>Takes to the audit log what waits for it.</summary>
    internal async Task RecordAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (certificates.Unrecorded is not { Count: > 0 } records)
            {
                return;
            }

            await database.WriteAsync(
                (write, _) =>
                {
                    foreach (var record in records)
                    {
                        write.Audit(record);
                    }

                    return Task.FromResult<Result<bool>>(true);
                },
                cancellationToken);
            certificates.MarkRecorded(records.Count);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<Result<ServerCertificateState>> ChangeAsync(Func<Result<ServerCertificateState>> change, CancellationToken cancellationToken)
    {
        // While the log cannot be written nothing is begun; what is done is recorded even if the caller went away.
        await RecordAsync(cancellationToken);
        var done = await Task.Run(change, CancellationToken.None);
        await RecordAsync(CancellationToken.None);
        return done;
    }
}
