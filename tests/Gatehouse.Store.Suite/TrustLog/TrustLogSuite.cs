using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Transparency;
using Gatehouse.Store.TrustLog;
using Xunit;

namespace Gatehouse.Store.Suite.TrustLog;

/// <summary>The tree in the store: what is audited as a change of trust comes in once, in one order, whoever gives the places; what is done to it behind its back is found.</summary>
public abstract class TrustLogSuite(StoreHost host) : StoreSuite(host)
{
    private const string Fingerprint = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";

    private readonly ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private TrustLogStore Log => new(Database);

    private NoteKey Key => NoteKey.Of("plant.example/log", signer.ExportSubjectPublicKeyInfo());

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Log.BeginAsync("plant.example/log", "file:trust-log", Key, Token);
    }

    [Fact]
    public async Task What_is_a_change_of_trust_waits_from_its_transaction_on_and_other_records_do_not()
    {
        await AuditAsync("certificate.issue", "device.create", "certificate.told", "words.nobody-thought-of");

        Assert.Equal(3, await Host.CountAsync("trust_log_queue"));
        await Database.WriteAsync<int>(
            (write, _) =>
            {
                write.Audit(Record("certificate.issue"));
                return Task.FromResult<Result<int>>(HubErrors.GenericConflict);
            },
            Token);
        Assert.Equal(3, await Host.CountAsync("trust_log_queue"));

        Assert.Equal(3, (await Log.SequenceAsync(Token))!.Size);
        Assert.Equal(["trustlog.begin", "certificate.issue", "words.nobody-thought-of"], (await EntriesAsync()).Select(entry => (string)entry["action"]!));
        Assert.Equal(0, await Host.CountAsync("trust_log_queue"));
        Assert.Equal(3, (await Log.SequenceAsync(Token))!.Size);
    }

    [Fact]
    public async Task An_entry_is_its_audit_record_and_is_found_by_fingerprint()
    {
        await Database.WriteAsync<int>(
            (write, _) =>
            {
                write.Audit(new AuditRecord { Hub = "hub", Actor = "registration:d1", Action = "certificate.issue", Subject = "Gerät", Detail = """{"serial":"0A"}""", Fingerprint = Fingerprint });
                return Ok();
            },
            Token);
        Assert.Equal(("", true), await FindAsync());

        await Log.SequenceAsync(Token);

        Assert.Equal(("1", false), await FindAsync());
        Assert.Equal(
            $$$"""{"time":"2026-11-24T08:00:00.000000Z","audit":2,"tenant":"hub","actor":"registration:d1","action":"certificate.issue","subject":"Gerät","fingerprint":"{{{Fingerprint}}}","detail":{"serial":"0A"}}""",
            (await EntriesAsync())[1].ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Fact]
    public async Task A_detail_that_does_not_fit_goes_in_by_its_hash()
    {
        var detail = $$"""{"text":"{{new string('x', 70_000)}}"}""";
        await Database.WriteAsync<int>(
            (write, _) =>
            {
                write.Audit(Record("certificate.issue") with { Detail = detail });
                return Ok();
            },
            Token);

        await Log.SequenceAsync(Token);

        Assert.Equal(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(detail))), (string)(await EntriesAsync())[1]["detail"]!["sha256OfDetail"]!);
    }

    [Fact]
    public async Task Many_writers_and_two_sequencers_make_one_tree_without_gaps_or_doubles()
    {
        var other = Host.Open();
        TrustLogStore[] logs = [Log, new(other)];
        Database[] servers = [Database, other];
        using var written = new CancellationTokenSource();
        var sequencers = logs.Select(log => Task.Run(
            async () =>
            {
                while (!written.IsCancellationRequested)
                {
                    if (await log.IsWaitingAsync(Token))
                    {
                        await log.SequenceAsync(Token);
                    }
                    else
                    {
                        await Task.Delay(5, Token);
                    }
                }
            },
            Token)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(number => Task.Run(
            () => servers[number % 2].WriteAsync<int>(
                (write, _) =>
                {
                    write.Audit(Record("certificate.issue") with { Subject = $"d{number}" });
                    return Ok();
                },
                Token),
            Token)));
        await written.CancelAsync();
        await Task.WhenAll(sequencers);
        await Log.SequenceAsync(Token);

        var entries = await EntriesAsync();
        Assert.Equal(301, entries.Count);
        Assert.Equal(301, entries.Select(entry => (string)entry["subject"]!).Distinct().Count());
        Assert.Equal(entries.Select(entry => (long)entry["audit"]!).Order(), entries.Select(entry => (long)entry["audit"]!));
        Assert.Null(await Log.FindProblemAsync(Token));
        Assert.Equal(NaiveTree.Root([.. await RawAsync()]), (await StateAsync()).Root.ToArray());
    }

    [Fact]
    public async Task Tiles_and_bundles_are_served_at_every_width_that_the_tree_has()
    {
        await FillAsync(600);

        var raw = await RawAsync();
        foreach (var width in new[] { 1, 17, 88 })
        {
            Assert.Equal(raw[512..(512 + width)].SelectMany(entry => MerkleHash.OfEntry(entry)), await Log.ReadTileAsync(new TilePath(0, 2, width), Token));
            Assert.Equal(EntryBundle.Write([.. raw[512..(512 + width)]]), await Log.ReadTileAsync(new TilePath(TilePath.Entries, 2, width), Token));
        }

        Assert.Equal(64, (await Log.ReadTileAsync(new TilePath(1, 0, 2), Token))!.Length);
        Assert.Equal(8_192, (await Log.ReadTileAsync(new TilePath(0, 1, 256), Token))!.Length);
        TilePath[] none = [new(0, 2, 89), new(0, 2, 256), new(0, 3, 1), new(1, 0, 3), new(1, 0, 256), new(2, 0, 1), new(TilePath.Entries, 2, 89), new(TilePath.Entries, 99, 1), new(0, 999_999_999_999, 256)];
        foreach (var path in none)
        {
            Assert.Null(await Log.ReadTileAsync(path, Token));
        }
    }

    [Theory]
    [InlineData("UPDATE trust_log_entries SET entry = (SELECT entry FROM trust_log_entries WHERE position = 3) WHERE position = 290", "altered")]
    [InlineData("DELETE FROM trust_log_entries WHERE position = 290", "missing")]
    [InlineData("DELETE FROM trust_log_entries WHERE position = 599", "missing")]
    [InlineData("UPDATE trust_log_tiles SET hashes = (SELECT hashes FROM trust_log_tiles WHERE level = 0 AND tile = 0) WHERE level = 0 AND tile = 1", "altered")]
    [InlineData("DELETE FROM trust_log_tiles WHERE level = 1", "altered")]
    [InlineData("UPDATE trust_log_head SET root = (SELECT fingerprint FROM trust_log_entries WHERE position = 0)", "not the one that the log had")]
    [InlineData("UPDATE trust_log_head SET size = 599", "signed")]
    [InlineData("UPDATE trust_log_head SET size = 601", "missing")]
    [InlineData("UPDATE trust_log_head SET checkpoint_size = 599", "not signed")]
    [InlineData("UPDATE trust_log_head SET checkpoint = 'x'", "not signed")]
    [InlineData("UPDATE trust_log_head SET origin = 'other'", "another log's")]
    [InlineData("UPDATE trust_log_keys SET verifier_key = 'x'", "not signed")]
    public async Task Whatever_is_done_to_the_log_is_found(string sql, string words)
    {
        await FillAsync(600);
        await SignAsync();
        Assert.Null(await Log.FindProblemAsync(Token));

        await Host.TamperAsync(sql);

        Assert.Contains(words, await Log.FindProblemAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_written_anew_as_a_whole_is_not_the_one_that_was_signed()
    {
        await FillAsync(300);
        await SignAsync();

        // As whoever holds the database could: another entry, and all hashes again.
        await Host.TamperAsync("UPDATE trust_log_entries SET entry = (SELECT entry FROM trust_log_entries WHERE position = 3) WHERE position = 5");
        var tree = new TileBuilder();
        foreach (var entry in await RawAsync())
        {
            tree.Add(MerkleHash.OfEntry(entry));
        }

        await Database.WriteAsync<int>(
            async (write, cancel) =>
            {
                await TrustLogRows.SaveTilesAsync(write, tree.TakeChanged(), cancel);
                await TrustLogRows.SaveHeadAsync(write, tree.Size, tree.Root, cancel);
                return 1;
            },
            Token);

        Assert.Equal("The first 300 entries are not those that were signed.", await Log.FindProblemAsync(Token));
    }

    [Theory]
    [InlineData("UPDATE trust_log_tiles SET hashes = (SELECT hashes FROM trust_log_tiles WHERE level = 0 AND tile = 0) WHERE level = 0 AND tile = 2")]
    [InlineData("DELETE FROM trust_log_tiles WHERE level = 0 AND tile = 2")]
    [InlineData("UPDATE trust_log_head SET size = 601")]
    [InlineData("UPDATE trust_log_head SET root = (SELECT fingerprint FROM trust_log_entries WHERE position = 0)")]
    public async Task A_tree_that_does_not_have_its_root_is_not_continued(string sql)
    {
        await FillAsync(600);
        await AuditAsync("certificate.issue");
        await Host.TamperAsync(sql);

        await Assert.ThrowsAsync<TrustLogBrokenException>(() => Log.SequenceAsync(Token));

        Assert.Equal(1, await Host.CountAsync("trust_log_queue"));
    }

    [Fact]
    public async Task A_smaller_checkpoint_or_one_of_another_key_or_log_takes_no_place()
    {
        await FillAsync(10);
        var early = Signed(await StateAsync());
        await FillAsync(10);
        await SignAsync();
        var kept = (await StateAsync()).Checkpoint;

        await Log.SaveCheckpointAsync(10, early, 0, Token);
        await Log.SaveCheckpointAsync(21, kept!, 0, Token);
        await Log.SaveCheckpointAsync(20, kept!.Replace("plant.example/log\n20", "other\n20", StringComparison.Ordinal), 0, Token);
        await Log.SaveCheckpointAsync(20, kept, 1, Token);

        var state = await StateAsync();
        Assert.Equal((20L, kept), (state.CheckpointSize, state.Checkpoint));
    }

    [Fact]
    public async Task A_log_that_is_begun_anew_holds_what_was_left_in_its_order_under_another_name()
    {
        await FillAsync(300);
        await SignAsync();
        await Host.TamperAsync("DELETE FROM trust_log_entries WHERE position = 7");
        await AuditAsync("policy.create");
        var problem = await Log.FindProblemAsync(Token);
        var key = NoteKey.Of("plant.example/second", signer.ExportSubjectPublicKeyInfo());

        await Log.BeginAnewAsync(key.Name, "file:trust-log", key, Record("trustlog.begin-anew"), problem!, Token);
        await Log.SequenceAsync(Token);

        var entries = await EntriesAsync();
        Assert.Equal(301, entries.Count);
        Assert.Equal(["trustlog.begin", "policy.create", "trustlog.begin-anew"], new[] { entries[0], entries[^2], entries[^1] }.Select(entry => (string)entry["action"]!));
        Assert.Equal((300L, "plant.example/log", problem), ((long)entries[^1]["detail"]!["formerSize"]!, (string)entries[^1]["detail"]!["formerOrigin"]!, (string)entries[^1]["detail"]!["problem"]!));
        Assert.Equal("plant.example/second", (await StateAsync()).Origin);
        Assert.Null(await Log.FindProblemAsync(Token));
    }

    private static AuditRecord Record(string action) => new() { Actor = "server", Action = action, Subject = "s", Fingerprint = Fingerprint };

    private Task<Result<int>> AuditAsync(params string[] actions) => Database.WriteAsync<int>(
        (write, _) =>
        {
            foreach (var action in actions)
            {
                write.Audit(Record(action));
            }

            return Ok();
        },
        Token);

    // The first one begins the log.
    private async Task FillAsync(int count)
    {
        await AuditAsync([.. Enumerable.Repeat("certificate.issue", count - (int)await Host.CountAsync("trust_log_queue"))]);
        while (await Log.IsWaitingAsync(Token))
        {
            await Log.SequenceAsync(Token);
        }
    }

    private async Task<TrustLogState> StateAsync() => (await Log.ReadAsync(Token))!;

    private async Task SignAsync()
    {
        var state = await StateAsync();
        await Log.SaveCheckpointAsync(state.Size, Signed(state), 0, Token);
    }

    private string Signed(TrustLogState state)
    {
        var text = new Checkpoint(state.Origin, state.Size, state.Root).Text;
        return new SignedNote(text, [new NoteSignature(Key.Name, Key.Id, signer.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))]).ToString();
    }

    private async Task<(string Places, bool IsWaiting)> FindAsync()
    {
        var (places, isWaiting) = await Log.FindAsync(Convert.FromHexString(Fingerprint), Token);
        return (string.Join(' ', places), isWaiting);
    }

    private Task<IReadOnlyList<byte[]>> ReadRawAsync() => Database.ReadAsync((connection, cancel) => TrustLogRows.ReadEntriesAsync(connection, 0, 10_000, cancel), Token);

    private async Task<byte[][]> RawAsync() => [.. await ReadRawAsync()];

    private async Task<List<JsonObject>> EntriesAsync() => [.. (await RawAsync()).Select(entry => JsonNode.Parse(entry)!.AsObject())];
}
