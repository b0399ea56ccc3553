using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Transparency;
using Gatehouse.Hub.TrustLog;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Gatehouse.Store.TrustLog;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteTrustLogTests() : TrustLogSuite(null);

public sealed class PostgresTrustLogTests(PostgresServer server) : TrustLogSuite(server);

/// <summary>The keeper of the trust log: begins, gives places, signs, changes its key, and stops where the stored log is not the signed one; killed at any step it goes on.</summary>
public abstract class TrustLogSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_look_begins_a_log_with_all_changes_of_trust_since_and_signs_it()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var keeper = Keeper(hub);

        await keeper.StepAsync(Token);

        var state = await StateAsync(hub);
        Assert.StartsWith("localhost/trust-log/", state.Origin, StringComparison.Ordinal);
        Assert.Equal(state.Size, state.CheckpointSize);
        Assert.StartsWith("file:trust-log-", state.Signing.Address, StringComparison.Ordinal);
        await CheckAsync(hub);
        await keeper.StepAsync(Token);
        Assert.Equal(state.Checkpoint, (await StateAsync(hub)).Checkpoint);
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("sequence")]
    [InlineData("sign")]
    [InlineData("save")]
    [InlineData("end")]
    public async Task Killed_at_any_step_it_goes_on_and_nothing_is_lost_or_doubled(string step)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await AuditAsync(hub, "policy.create", "key.move");
        using (var first = Keeper(hub))
        {
            first.Before = each => { if (each == step) { throw new KilledException(); } };
            await Assert.ThrowsAsync<KilledException>(() => first.StepAsync(Token));
        }

        using var second = Keeper(hub);
        await second.StepAsync(Token);
        await AuditAsync(hub, "certificate.issue");
        await second.StepAsync(Token);

        Assert.Equal((null, null), (second.Problem, second.KeyProblem));
        await CheckAsync(hub);
    }

    [Fact]
    public async Task Two_nodes_sign_one_log()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var first = Keeper(hub);
        using var second = Keeper(hub);
        var notes = new List<string>();
        for (var round = 0; round < 10; round++)
        {
            await AuditAsync(hub, "certificate.issue", "policy.update");
            await Task.WhenAll(first.StepAsync(Token), second.StepAsync(Token), AuditAsync(hub, "certificate.issue"));
            notes.Add((await StateAsync(hub)).Checkpoint!);
        }

        await first.StepAsync(Token);
        await CheckAsync(hub);
        var entries = await EntriesAsync(hub);
        Assert.All(notes, note =>
        {
            var tree = new TileBuilder();
            var checkpoint = Checkpoint.Parse(SignedNote.Parse(note)!.Text)!;
            entries.Take((int)checkpoint.Size).ToList().ForEach(entry => tree.Add(MerkleHash.OfEntry(entry)));
            Assert.Equal(checkpoint.Root.ToArray(), tree.Root);
        });
    }

    [Fact]
    public async Task What_somebody_changed_is_not_signed_until_another_log_is_begun()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using (var before = Keeper(hub))
        {
            await AuditAsync(hub, "certificate.issue", "certificate.issue", "policy.create");
            await before.StepAsync(Token);
            Assert.Equal(HubErrors.InvalidOperation.Code, (await before.BeginAnewAsync(hub.Hub, HubHost.Actor, Token)).Error!.Code);
        }

        var signed = await StateAsync(hub);
        await TamperAsync(hub, "UPDATE trust_log_entries SET entry = (SELECT entry FROM trust_log_entries WHERE position = 0) WHERE position = 1");
        using var after = Keeper(hub);
        await AuditAsync(hub, "certificate.issue");
        await after.StepAsync(Token);
        await after.StepAsync(Token);

        Assert.Contains("signed", after.Problem, StringComparison.Ordinal);
        Assert.Equal((signed.Checkpoint, signed.Size), ((await StateAsync(hub)).Checkpoint, (await StateAsync(hub)).Size));

        Assert.True((await after.BeginAnewAsync(hub.Hub, HubHost.Actor, Token)).IsOk);
        await after.StepAsync(Token);
        var anew = await StateAsync(hub);
        Assert.Null(after.Problem);
        Assert.NotEqual(signed.Origin, anew.Origin);
        Assert.Equal(anew.Size, anew.CheckpointSize);
        Assert.Equal("trustlog.begin-anew", (string)JsonNode.Parse((await EntriesAsync(hub))[^1])!["action"]!);
        Assert.Null(await hub.Get<TrustLogStore>().FindProblemAsync(Token));
    }

    [Fact]
    public async Task What_is_changed_while_it_runs_stops_it_at_the_next_entry()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var keeper = Keeper(hub);
        await keeper.StepAsync(Token);

        await TamperAsync(hub, "DELETE FROM trust_log_tiles");
        await AuditAsync(hub, "certificate.issue");
        await keeper.StepAsync(Token);

        Assert.NotNull(keeper.Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sign")]
    [InlineData("save")]
    [InlineData("end")]
    public async Task A_key_announces_the_next_which_signs_from_then_on(string killedAt)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var keeper = Keeper(hub);
        await keeper.StepAsync(Token);
        var old = (await StateAsync(hub)).Signing;

        Assert.True((await keeper.ChangeKeyAsync(hub.Hub, "file:next-log", HubHost.Actor, Token)).IsOk);
        Assert.Equal(HubErrors.GenericConflict.Code, (await keeper.ChangeKeyAsync(hub.Hub, "file:third", HubHost.Actor, Token)).Error!.Code);
        if (killedAt.Length > 0)
        {
            keeper.Before = each => { if (each == killedAt) { throw new KilledException(); } };
            await Assert.ThrowsAsync<KilledException>(() => keeper.StepAsync(Token));
        }

        using var after = Keeper(hub);
        await after.StepAsync(Token);
        await AuditAsync(hub, "certificate.issue");
        await after.StepAsync(Token);

        var state = await StateAsync(hub);
        var handover = SignedNote.Parse(state.Signing.Handover!)!;
        Assert.Equal(("file:next-log", null), (state.Signing.Address, state.Announced));
        Assert.True(handover.IsSignedBy(NoteKey.Parse(old.VerifierKey)!));
        Assert.True(SignedNote.Parse(state.Checkpoint!)!.IsSignedBy(NoteKey.Parse(state.Signing.VerifierKey)!));
        var announcement = (await EntriesAsync(hub)).FindIndex(entry => (string)JsonNode.Parse(entry)!["action"]! == "trustlog.key");
        Assert.InRange(announcement, 0, Checkpoint.Parse(handover.Text)!.Size - 1);
        await CheckAsync(hub);
        Assert.Equal(HubErrors.GenericConflict.Code, (await after.ChangeKeyAsync(hub.Hub, "file:next-log", HubHost.Actor, Token)).Error!.Code);
    }

    [Fact]
    public async Task A_key_of_another_kind_or_none_is_refused()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var keeper = Keeper(hub);
        await keeper.StepAsync(Token);
        hub.Get<SecretVault>().Custody.Stores.CreateSigning(new KeyAddress("file", "large"), Keys.Signing.SigningKeyType.EcP384).Dispose();

        Assert.Equal(HubErrors.InvalidOperation.Code, (await keeper.ChangeKeyAsync(hub.Hub, "file:large", HubHost.Actor, Token)).Error!.Code);
        Assert.Equal(HubErrors.ArgumentInvalid.Code, (await keeper.ChangeKeyAsync(hub.Hub, "nowhere", HubHost.Actor, Token)).Error!.Code);
        Assert.Equal(HubErrors.InvalidOperation.Code, (await keeper.ChangeKeyAsync(hub.Hub, "tpm:log", HubHost.Actor, Token)).Error!.Code);
        Assert.Null((await StateAsync(hub)).Announced);
    }

    [Fact]
    public async Task Without_its_key_entries_get_places_and_with_it_a_signature()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var keeper = Keeper(hub);
        await keeper.StepAsync(Token);
        using var after = Keeper(hub);
        var file = Directory.GetFiles(Path.Combine(hub.Folder, "keys"), "*trust-log*").Single();
        File.Move(file, file + ".away");
        await AuditAsync(hub, "certificate.issue");

        await after.StepAsync(Token);

        var state = await StateAsync(hub);
        Assert.Contains("trust-log", after.KeyProblem, StringComparison.Ordinal);
        Assert.Equal(state.Size, state.CheckpointSize + 1);
        File.Move(file + ".away", file);
        await after.StepAsync(Token);
        Assert.Null(after.KeyProblem);
        await CheckAsync(hub);
    }

    private static TrustLogKeeper Keeper(HubHost hub) => new(hub.Get<TrustLogStore>(), hub.Get<SecretVault>(), new HubOptions(), hub.Get<TrustLogMetrics>(), hub.Time, NullLogger<TrustLogKeeper>.Instance);

    private static async Task<TrustLogState> StateAsync(HubHost hub) => (await hub.Get<TrustLogStore>().ReadAsync(Token))!;

    private static Task<Result<int>> AuditAsync(HubHost hub, params string[] actions) => hub.Get<Database>().WriteAsync<int>(
        (write, _) =>
        {
            foreach (var action in actions)
            {
                write.Audit(new AuditRecord { Actor = HubHost.Actor, Action = action, Subject = "s" });
            }

            return Task.FromResult<Result<int>>(1);
        },
        Token);

    private static Task<Result<int>> TamperAsync(HubHost hub, string sql) => hub.Get<Database>().WriteAsync<int>(async (write, _) => await write.Connection.ExecuteAsync(sql, transaction: write.Transaction), Token);

    private static Task<List<byte[]>> EntriesAsync(HubHost hub) => hub.Get<Database>().ReadAsync(async (connection, _) => (await connection.QueryAsync<byte[]>("SELECT entry FROM trust_log_entries ORDER BY position")).AsList(), Token);

    // Every record of trust is an entry, once and in its order; the checkpoint is of all of them and by the key that signs.
    private static async Task CheckAsync(HubHost hub)
    {
        var records = (await hub.Get<AuditLog>().ReadAsync(null, 0, 1000, Token)).Where(each => TrustActions.IsTrust(each.Fields.Action)).Select(each => each.Sequence);
        var entries = await EntriesAsync(hub);
        Assert.Equal(records, entries.Select(entry => (long)JsonNode.Parse(entry)!["audit"]!));
        var (state, tree) = (await StateAsync(hub), new TileBuilder());
        entries.ForEach(entry => tree.Add(MerkleHash.OfEntry(entry)));
        var note = SignedNote.Parse(state.Checkpoint!)!;
        Assert.Equal(new Checkpoint(state.Origin, entries.Count, tree.Root), Checkpoint.Parse(note.Text));
        Assert.True(note.IsSignedBy(NoteKey.Parse(state.Signing.VerifierKey)!));
        Assert.Null(await hub.Get<TrustLogStore>().FindProblemAsync(Token));
    }

    private sealed class KilledException : Exception;
}
