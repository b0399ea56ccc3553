using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.RevocationNotices;

/// <summary>Has linked hubs refuse what the service has revoked: written down with the revocation, told at once, and tried again until each hub has it or is linked no more.</summary>
/// <remarks>
/// Each step may be repeated, by any node: a hub that has a certificate on its list leaves it as it is. All linked hubs are told, not only the one where the device is known to be: it may have been put there
/// without a record, have been left in another one, or be let in elsewhere because the CA is trusted there. decisions/0047.
/// </remarks>
internal sealed class RevocationNotices(Database database, IDeviceRegistrar here, DistantHubs elsewhere, TimeProvider time, ILogger<RevocationNotices> log) : IDisposable
{
    private const int MaxPerRound = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim woken = new(0);

    public void Dispose() => woken.Dispose();

    /// <summary>In the transaction that revokes; a certificate that is told of again is tried at once.</summary>
    /// <param name="transaction">Of the revocation.</param>
    /// <param name="certificate">As it is now, revoked.</param>
    /// <param name="actor">Who revokes it.</param>
    /// <param name="cancellationToken">Of the transaction.</param>
    internal async Task KeepAsync(WriteTransaction transaction, IssuedCertificateRow certificate, string actor, CancellationToken cancellationToken)
    {
        var service = HubName.Parse(certificate.Service);
        var registration = await RegistrationRows.FindAsync(transaction.Connection, service, certificate.RegistrationId, cancellationToken, transaction.Transaction);
        foreach (var hub in await LinkedHubRows.ReadAllAsync(transaction.Connection, service, cancellationToken, transaction.Transaction))
        {
            var notice = new RevocationNotice
            {
                Service = certificate.Service,
                HostName = hub.HostName,
                Serial = certificate.Serial,
                Hub = hub.Hub?.Value ?? "",
                Thumbprint = certificate.Thumbprint,
                Reason = certificate.RevocationReason,
                Registration = certificate.RegistrationName,
                DeviceId = registration is { DeviceId.Length: > 0 } ? registration.DeviceId : certificate.RegistrationName,
                Actor = actor,
                NextAttempt = time.GetUtcNow().UtcTicks,
            };
            await RevocationNoticeRows.SaveAsync(transaction, notice, cancellationToken);
        }
    }

    /// <summary>In the transaction that links a hub: all that was revoked before and has not ended.</summary>
    /// <param name="transaction">Of the link.</param>
    /// <param name="service">Whose certificates.</param>
    /// <param name="hub">The new one.</param>
    /// <param name="actor">Who links it.</param>
    /// <param name="cancellationToken">Of the transaction.</param>
    internal Task KeepAllAsync(WriteTransaction transaction, HubName service, LinkedHub hub, string actor, CancellationToken cancellationToken)
    {
        var ofHub = new RevocationNotice { Service = service.Value, HostName = hub.HostName, Hub = hub.Hub?.Value ?? "", Actor = $"an earlier command, and told as {actor} linked the hub" };
        return RevocationNoticeRows.SaveAllAsync(transaction, ofHub, time.GetUtcNow().UtcTicks, cancellationToken);
    }

    /// <summary>What linked hubs have not been told yet of some certificates.</summary>
    internal async Task<ILookup<string, RevocationNotice>> FindAsync(HubName service, IEnumerable<string> serials, CancellationToken cancellationToken)
    {
        string[] wanted = [.. serials];
        return (wanted.Length == 0 ? [] : await database.ReadAsync((connection, token) => RevocationNoticeRows.FindAsync(connection, database.Dialect, service, wanted, token), cancellationToken)).ToLookup(notice => notice.Serial);
    }

    /// <summary>After the commit: hubs of this server have it when this returns; those of others are told from here on.</summary>
    internal async Task TellAsync(HubName service, string serial, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var notice in (await FindAsync(service, [serial], cancellationToken))[serial].Where(notice => notice.IsHere))
            {
                await TellAsync([notice], [], cancellationToken);
            }
        }
        finally
        {
            woken.Release();
        }
    }

    /// <summary>After the commit of a link: a hub of this server has all when this returns; one of another is told from here on.</summary>
    internal async Task TellAllAsync(LinkedHub hub, CancellationToken cancellationToken)
    {
        try
        {
            if (hub.Hub is not null)
            {
                await TellHereAsync(cancellationToken);
            }
        }
        finally
        {
            woken.Release();
        }
    }

    /// <summary>What hubs of this server have not been told yet; before the doors open that is what a crash kept from them.</summary>
    internal async Task TellHereAsync(CancellationToken cancellationToken)
    {
        RevocationNotice? last = null;
        do
        {
            var page = await database.ReadAsync((connection, token) => RevocationNoticeRows.ListHereAsync(connection, last, MaxPerRound, token), cancellationToken);
            foreach (var ofHub in page.GroupBy(notice => (notice.Service, notice.HostName)))
            {
                await TellAsync([.. ofHub], [], cancellationToken);
            }

            last = page.Count == MaxPerRound ? page[^1] : null;
        }
        while (last is not null);
    }

    /// <summary>All that are due; one hub that is slow keeps no other waiting.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        int count;
        do
        {
            var now = time.GetUtcNow();
            var due = await database.ReadAsync((connection, token) => RevocationNoticeRows.ListDueAsync(connection, now.UtcTicks, (now + LongestPause).UtcTicks, MaxPerRound, token), cancellationToken);
            var linked = new List<(string Service, LinkedHub Hub)>();
            foreach (var service in due.Where(notice => !notice.IsHere).Select(notice => notice.Service).Distinct())
            {
                linked.AddRange((await database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, HubName.Parse(service), token), cancellationToken)).Select(hub => (service, hub)));
            }

            await Task.WhenAll(due.GroupBy(notice => (notice.Service, notice.HostName)).Select(ofHub => TellAsync(
                [.. ofHub], [.. linked.Where(each => each.Service == ofHub.Key.Service && each.Hub.HostName == ofHub.Key.HostName && each.Hub.Hub is null).Select(each => each.Hub)], cancellationToken)));
            count = due.Count;
        }
        while (count == MaxPerRound);
    }

    /// <summary>Until there is something to tell hubs of other servers, or the time is over.</summary>
    internal async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        await woken.WaitAsync(longest, cancellationToken);
        while (woken.Wait(0, CancellationToken.None))
        {
            // One look is enough for all that came meanwhile.
        }
    }

    /// <param name="ofHub">Notices of one hub.</param>
    /// <param name="link">That hub, where it is on another server and linked yet.</param>
    /// <param name="cancellationToken">Ends it between two notices.</param>
    private async Task TellAsync(RevocationNotice[] ofHub, IReadOnlyList<LinkedHub> link, CancellationToken cancellationToken)
    {
        // In no order: one that a hub never takes must not stand before the others each time.
        RandomNumberGenerator.Shuffle<RevocationNotice>(ofHub);
        foreach (var notice in ofHub)
        {
            if (await TellAsync(notice, link, cancellationToken) is { } error)
            {
                await PutOffAsync(notice, error, cancellationToken);
                return;
            }
        }
    }

    /// <summary>Null when there is nothing left to do.</summary>
    private async Task<HubError?> TellAsync(RevocationNotice notice, IReadOnlyList<LinkedHub> link, CancellationToken cancellationToken)
    {
        if (!notice.IsHere && link.Count == 0)
        {
            await AbandonAsync(notice, cancellationToken);
            return null;
        }

        var told = notice.IsHere
            ? await here.RevokeAsync(HubName.Parse(notice.Hub), $"provisioning:{notice.Service}", notice.Certificate, cancellationToken)
            : await elsewhere.RunAsync(HubName.Parse(notice.Service), link[0], distant => distant.RevokeAsync(notice.Certificate, DeviceId.TryParse(notice.DeviceId, out var device) ? device : null, cancellationToken));
        if (told.IsOk)
        {
            await EndAsync(notice, "certificate.told", cancellationToken);
            return null;
        }

        if (told.Error.Code != HubErrors.IotHubNotFound.Code)
        {
            return told.Error;
        }

        await AbandonAsync(notice, cancellationToken);
        return null;
    }

    private async Task AbandonAsync(RevocationNotice notice, CancellationToken cancellationToken)
    {
        await EndAsync(notice, "certificate.untold", cancellationToken);
        log.RevocationNotToldAnyMore(notice.HostName, notice.Serial, notice.Registration);
    }

    private Task<Result<bool>> EndAsync(RevocationNotice notice, string action, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (transaction, token) =>
        {
            // Gone: another node did the same.
            if (await RevocationNoticeRows.DeleteAsync(transaction, notice, token))
            {
                var detail = new JsonObject { ["serial"] = notice.Serial, ["thumbprintSha256"] = notice.Thumbprint, ["hub"] = notice.HostName };
                transaction.Audit(new AuditRecord { Hub = notice.Service, Actor = "server", Action = action, Subject = notice.Registration, Detail = detail.ToJsonString() });
            }

            return true;
        },
        cancellationToken);

    private async Task PutOffAsync(RevocationNotice notice, HubError error, CancellationToken cancellationToken)
    {
        var (now, pause) = (time.GetUtcNow(), FirstPause * Math.Pow(2, Math.Min(notice.Attempts, 16)));
        var later = notice with { Attempts = notice.Attempts + 1, NextAttempt = (now + (pause < LongestPause ? pause : LongestPause)).UtcTicks, Problem = error.Message };
        await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                await RevocationNoticeRows.PutOffAsync(transaction, later, (now + LongestPause).UtcTicks, token);
                return true;
            },
            cancellationToken);
        if (later.Problem != notice.Problem)
        {
            log.RevocationNotTold(notice.HostName, notice.Serial, notice.Registration, later.Problem);
        }
    }
}
