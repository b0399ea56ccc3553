using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Answers before a change who would fail without what is about to go: a key, a CA, TLS 1.2, tokens altogether, or the root above the server's certificate. Changes nothing.</summary>
/// <remarks>It goes through the whole registry, in batches. Who is connected to this node counts by what it is connected by; of other nodes, the last logins count.</remarks>
/// <param name="database">Store.</param>
/// <param name="recorder">Who is connected.</param>
/// <param name="writer">What is still to be written.</param>
/// <param name="authorities">Of the hubs.</param>
/// <param name="server">Null where another ends TLS.</param>
public sealed class Radar(Database database, UseRecorder recorder, UseWriter writer, CaCertificates authorities, IServerCertificates? server = null)
{
    private const string CaPrefix = "ca/";
    private const int Batch = 1_000;

    /// <summary>ArgumentInvalid for what cannot be meant; GenericNotFound for a CA that the hub does not have.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="without">As <see cref="CredentialSelector"/> has it, or <c>ca/{name in the hub}</c>, or <c>server-issuer/{name of the CA above the server's certificate}</c>.</param>
    /// <param name="only">Only entries of this outcome; null for all.</param>
    /// <param name="after">Only what follows this identity; null for the first page, which has the counts and the back ends.</param>
    /// <param name="max">At most so many entries beside the back ends; 1 or more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Result<RadarPage>> LookAsync(HubName hub, string? without, RadarOutcome? only, IdentityKey? after, int max, CancellationToken cancellationToken)
    {
        var all = await authorities.ListAsync(hub, cancellationToken);
        var change = Read(without, all);
        if (!change.IsOk)
        {
            return change.Error;
        }

        await writer.FlushAsync(cancellationToken);
        var judgement = new RadarJudgement(change.Value with { ServerIssuers = ServerIssuers() }, new WaysOn(all));
        var sweep = new Sweep(only, max, isCounting: after is null);
        if (after is null && change.Value.ConcernsBackEnds)
        {
            foreach (var use in await database.ReadAsync((connection, cancel) => UseRows.ReadBackEndsAsync(connection, database.Dialect, hub, cancel), cancellationToken))
            {
                sweep.AddBackEnds(judgement.JudgeBackEnds(use));
            }
        }

        await SweepAsync(hub, judgement, sweep, after, cancellationToken);
        return new RadarPage(change.Value.Text, after is null ? sweep.Counts : null, sweep.Entries, sweep.Next);
    }

    // In a canary a client is shown the one now and the other then: who went on after both needs neither.
    private string[] ServerIssuers() => server?.Read() is not { } state ? [] : state.Next is { } next ? [state.Present.Root, next.Root] : [state.Present.Root];

    private static Result<RadarChange> Read(string? without, IReadOnlyList<CaCertificate> authorities)
    {
        if (without?.StartsWith(CaPrefix, StringComparison.Ordinal) != true)
        {
            return RadarChange.Parse(without);
        }

        var name = without[CaPrefix.Length..];
        var named = authorities.FirstOrDefault(each => string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase));
        return named is null ? HubErrors.GenericNotFound.With($"The hub has no CA certificate '{name}'.") : RadarChange.Parse(CredentialName.OfAuthority(named.ThumbprintSha256));
    }

    private async Task SweepAsync(HubName hub, RadarJudgement judgement, Sweep sweep, IdentityKey? after, CancellationToken cancellationToken)
    {
        var live = recorder.Live(hub).Where(static each => each.Principal.Identity is not null).ToLookup(static each => each.Principal.Identity!.Value);
        var place = (Device: after?.Device.Value ?? "", Module: after?.Module?.Value ?? "");
        var device = after is null ? [] : await database.ReadAsync((connection, cancel) => IdentityRows.ReadDeviceAsync(connection, hub, place.Device, cancel), cancellationToken);
        sweep.DisabledDevice = device.FirstOrDefault(static row => row is { IsModule: false, IsDisabled: not 0 })?.DeviceId;
        while (!sweep.IsFull)
        {
            var from = place;
            var (rows, uses) = await database.ReadAsync(
                async (connection, cancel) =>
                {
                    var rows = await IdentityRows.ListAsync(connection, hub, from, Batch, cancel);
                    IReadOnlyList<CredentialUse> uses = rows.Count == 0 ? [] : await UseRows.ReadRangeAsync(connection, database.Dialect, hub, rows[0].Key, rows[^1].Key, cancel);
                    return (rows, uses);
                },
                cancellationToken);
            var byIdentity = uses.ToLookup(static each => each.Identity!.Value);
            foreach (var row in rows)
            {
                sweep.Add(row, row.Kind == CredentialKind.None ? null : judgement.Judge(row.Key, row.Kind, [.. byIdentity[row.Key].OrderByDescending(static each => each.LastUsed)], [.. live[row.Key]]));
                place = (row.DeviceId, row.ModuleId);
            }

            if (rows.Count < Batch)
            {
                break;
            }
        }
    }

    /// <summary>Gathers one page, and the counts of all.</summary>
    private sealed class Sweep(RadarOutcome? only, int max, bool isCounting)
    {
        private readonly List<RadarEntry> entries = [];
        private readonly long[] counts = new long[3];
        private int found;
        private long unaffected;
        private long disabled;

        internal IReadOnlyList<RadarEntry> Entries => entries;

        internal RadarCounts Counts => new(counts[(int)RadarOutcome.Fails], counts[(int)RadarOutcome.OtherWay], counts[(int)RadarOutcome.Unknown], unaffected, disabled);

        internal IdentityKey? Next => found > max ? entries[^1].Identity : null;

        /// <summary>A page that counts looks at everything.</summary>
        internal bool IsFull => !isCounting && found > max;

        /// <summary>The last one that was seen: its modules cannot connect either.</summary>
        internal string? DisabledDevice { get; set; }

        internal void AddBackEnds(RadarEntry? entry)
        {
            if (entry is null)
            {
                return;
            }

            counts[(int)entry.Outcome]++;
            if (only is null || only == entry.Outcome)
            {
                entries.Add(entry);
            }
        }

        internal void Add(IdentityRow row, RadarEntry? entry)
        {
            DisabledDevice = row is { IsModule: false, IsDisabled: not 0 } ? row.DeviceId : DisabledDevice;
            if (row.DeviceId == DisabledDevice || row.Kind == CredentialKind.None)
            {
                disabled++;
            }
            else if (entry is null)
            {
                unaffected++;
            }
            else
            {
                counts[(int)entry.Outcome]++;
                Take(entry);
            }
        }

        private void Take(RadarEntry entry)
        {
            if (only is not null && only != entry.Outcome)
            {
                return;
            }

            if (++found <= max)
            {
                entries.Add(entry);
            }
        }
    }
}
