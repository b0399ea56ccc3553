using System.Security.Cryptography;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Certificates;

/// <summary>Certificates by which somebody was let in: gathered in memory, the last of each owner, read and written behind.</summary>
/// <remarks>A login costs one entry of a table that holds bytes which the connection has anyway; a certificate is read by whoever writes. What a crash loses is seen again when the devices come again.</remarks>
public sealed class CertificateSightings : WriteBehind
{
    // Each batch is a transaction, for which other writers wait.
    private const int MaxBatch = 500;

    private readonly Database database;
    private readonly SightingOptions options;
    private readonly AlarmSchedule schedule;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private Dictionary<SightingKey, Sighting> waiting = [];
    private long lost;

    public CertificateSightings(Database database, SightingOptions options, CertificateAlarmOptions alarms, TimeProvider time, ILogger<CertificateSightings> logger)
        : base(time)
    {
        ArgumentNullException.ThrowIfNull(alarms);
        (this.database, this.options, this.time, this.logger) = (database, options, time, logger);
        schedule = new AlarmSchedule(alarms);
    }

    /// <summary>Somebody was let in by a certificate. A few memory writes; never throws.</summary>
    /// <param name="tenant">Hub or provisioning service.</param>
    /// <param name="owner">Device id, or registration id in lower case.</param>
    /// <param name="module">Empty for the device itself.</param>
    /// <param name="thumbprint">SHA-256 of the certificate, hexadecimal in capitals.</param>
    /// <param name="authority">SHA-256 of the CA that it led to; empty for one that is pinned.</param>
    /// <param name="shown">What was shown.</param>
    /// <param name="path">Marks of the path that it was let in by (<see cref="CertificateTrace.Issuers"/>): of what was sent beside the certificate that alone is kept, for nobody has judged the rest. Null where it is pinned.</param>
    public void Seen(HubName tenant, string owner, string module, string thumbprint, string authority, PeerCertificate shown, IReadOnlyList<ulong>? path)
    {
        ArgumentNullException.ThrowIfNull(shown);
        var key = new SightingKey(tenant.Value, owner, module, thumbprint);
        var now = time.GetUtcNow().UtcTicks;
        try
        {
            lock (gate)
            {
                if (waiting.TryGetValue(key, out var before))
                {
                    waiting[key] = before with { Last = now, Authority = authority };
                }
                else if (waiting.Count < options.MaxWaiting)
                {
                    waiting.Add(key, new Sighting(shown.Leaf.RawDataMemory, path is null ? [] : Above(shown), path ?? [], authority, now, now));
                }
                else
                {
                    lost++;
                }
            }
        }
        catch (CryptographicException)
        {
            // The connection has ended meanwhile and taken them along.
        }
    }

    private int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    protected override bool IsMuch => Count >= options.MaxWaiting / 10;

    protected override async Task WriteAsync(CancellationToken cancellationToken)
    {
        Dictionary<SightingKey, Sighting> taken;
        long missed;
        lock (gate)
        {
            (taken, missed, waiting, lost) = (waiting, lost, [], 0);
        }

        if (missed > 0)
        {
            StoreLog.SightingsLost(logger, missed);
        }

        await WriteAsync(taken, cancellationToken);
    }

    protected override void TellNotWritten(Exception error) => StoreLog.SightingsNotWritten(logger, Count, error);

    private static ReadOnlyMemory<byte>[] Above(PeerCertificate shown) => shown.Intermediates.Count == 0 ? [] : [.. shown.Intermediates.Select(static each => each.RawDataMemory)];

    private async Task WriteAsync(Dictionary<SightingKey, Sighting> taken, CancellationToken cancellationToken)
    {
        try
        {
            // In one order on all nodes: two of them may write the same rows.
            var ordered = taken.OrderBy(static each => each.Key.Tenant, StringComparer.Ordinal).ThenBy(static each => each.Key.Owner, StringComparer.Ordinal)
                .ThenBy(static each => each.Key.Module, StringComparer.Ordinal).ThenBy(static each => each.Key.Thumbprint, StringComparer.Ordinal).ToList();
            foreach (var batch in ordered.Chunk(MaxBatch))
            {
                // Those above first, which have no owner: the same order.
                KnownCertificate[] rows = [.. RowsAbove(batch), .. batch.Select(each => RowOf(each.Key, each.Value)).OfType<KnownCertificate>()];
                await database.WriteAsync<bool>(
                    async (write, cancel) =>
                    {
                        await KnownCertificateRows.SaveAsync(write, rows, cancel);
                        return true;
                    },
                    cancellationToken);
                foreach (var (key, _) in batch)
                {
                    taken.Remove(key);
                }
            }
        }
        catch
        {
            PutBack(taken);
            throw;
        }
    }

    private KnownCertificate? RowOf(SightingKey key, Sighting sighting)
    {
        if (KnownCertificate.Read(sighting.Leaf.Span) is not { } read)
        {
            return null;
        }

        return read with
        {
            Tenant = key.Tenant,
            Kind = CertificateKinds.Device,
            Owner = key.Owner,
            Module = key.Module,
            Authority = sighting.Authority,
            FirstSeen = sighting.First,
            LastSeen = sighting.Last,
            NextAlarm = schedule.First(read),
        };
    }

    // Devices of one CA send the same: each is read once.
    private IEnumerable<KnownCertificate> RowsAbove(KeyValuePair<SightingKey, Sighting>[] batch)
    {
        var rows = new Dictionary<(string Tenant, string Thumbprint), KnownCertificate>();
        foreach (var (key, sighting) in batch)
        {
            foreach (var der in sighting.Above)
            {
                var mark = CertificateMark.Of(der.Span);
                if (!sighting.Path.Contains(mark.Short))
                {
                    continue;
                }

                var place = (key.Tenant, mark.ToString());
                if (rows.TryGetValue(place, out var there))
                {
                    rows[place] = there with { LastSeen = Math.Max(there.LastSeen, sighting.Last) };
                }
                else if (KnownCertificate.Read(der.Span) is { } read)
                {
                    rows.Add(place, read with { Tenant = key.Tenant, Kind = CertificateKinds.Intermediate, FirstSeen = sighting.First, LastSeen = sighting.Last, NextAlarm = schedule.First(read) });
                }
            }
        }

        return rows.Values.OrderBy(static each => each.Tenant, StringComparer.Ordinal).ThenBy(static each => each.Thumbprint, StringComparer.Ordinal);
    }

    private void PutBack(Dictionary<SightingKey, Sighting> left)
    {
        lock (gate)
        {
            foreach (var (key, sighting) in left)
            {
                if (waiting.TryGetValue(key, out var since))
                {
                    waiting[key] = since with { First = sighting.First };
                }
                else if (waiting.Count < options.MaxWaiting)
                {
                    waiting.Add(key, sighting);
                }
                else
                {
                    lost++;
                }
            }
        }
    }

    private readonly record struct SightingKey(string Tenant, string Owner, string Module, string Thumbprint);

    private readonly record struct Sighting(ReadOnlyMemory<byte> Leaf, ReadOnlyMemory<byte>[] Above, IReadOnlyList<ulong> Path, string Authority, long First, long Last);
}

/// <summary>Limits of what waits to be written.</summary>
public sealed record SightingOptions
{
    /// <summary>Certificates that wait in memory, each of one owner with what it sent beside it; 2–10 KiB each, which connections have anyway. 10–1,000,000, default 20,000. What comes beyond is not in the inventory before it comes again, and a warning says how much. Source: own.</summary>
    public int MaxWaiting { get; init; } = 20_000;
}
