using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Revoking;

/// <summary>Tells when a CA's list has passed its time: each node in its log and its metrics, and one of them in the audit log; once for each list.</summary>
/// <remarks>A list must be stale at two looks in a row: a clock that jumps and comes back raises no alarm. Nothing else hangs on it.</remarks>
public sealed class StaleListWatch : Upkeep
{
    private readonly Database database;
    private readonly KnownRevocations known;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private HashSet<(HubName Hub, string Version)> seen = [];
    private HashSet<(HubName Hub, string Version)> told = [];

    public StaleListWatch(Database database, KnownRevocations known, RevocationOptions options, TimeProvider time, IMeterFactory meters, ILogger<StaleListWatch> log)
        : base(options?.CheckInterval ?? throw new ArgumentNullException(nameof(options)), time)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (this.database, this.known, this.time, this.log) = (database, known, time, log);
        meters.Create("Gatehouse.Hub").CreateObservableGauge("gatehouse.revocation.lists.stale", () => Stale().Count, "{list}", "Revocation lists of outside CAs that are past their time.");
    }

    /// <summary>One look.</summary>
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        var stale = Stale();
        var now = stale.Select(each => (each.Hub, each.Version)).ToHashSet();
        told.IntersectWith(now);
        foreach (var (hub, list, version) in stale)
        {
            if (seen.Contains((hub, version)) && !told.Contains((hub, version)))
            {
                await NoteAsync(hub, list, version, cancellationToken);
                log.RevocationListStale(list.Number!, list.CaName, hub.Value, list.NextUpdate!.Value, list.Stale == StaleListRule.Refuse ? "refused" : "accepted");
                told.Add((hub, version));
            }
        }

        seen = now;
    }

    protected override void TellFailed(Exception error) => log.StaleListsNotNoted(error);

    private List<(HubName Hub, IssuerList List, string Version)> Stale()
    {
        var now = time.GetUtcNow();
        return [.. known.IssuerLists.Where(each => each.List.NextUpdate is not null && each.List.IsStale(now))];
    }

    private Task<Result<bool>> NoteAsync(HubName hub, IssuerList list, string version, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (write, cancel) =>
        {
            var isFirst = await IssuerListRows.NoteStaleAsync(write, hub.Value, list.Issuer.ToString(), version, cancel);
            if (isFirst)
            {
                var detail = new JsonObject { ["issuer"] = list.Issuer.ToString(), ["number"] = list.Number, ["nextUpdate"] = list.NextUpdate!.Value.UtcDateTime };
                write.Audit(new AuditRecord { Hub = hub.Value, Actor = "server", Action = "revocationList.stale", Subject = list.CaName, Detail = detail.ToJsonString() });
            }

            return isFirst;
        },
        cancellationToken);
}
