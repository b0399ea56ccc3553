using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteMeasuredBootTests(SoftwareTpm software) : MeasuredBootSuite(null, software);

public sealed class PostgresMeasuredBootTests(PostgresServer server, SoftwareTpm software) : MeasuredBootSuite(server, software);

/// <summary>Devices whose boot is measured: learned, compared, put into quarantine and let out again; a software TPM quotes.</summary>
public abstract class MeasuredBootSuite : IClassFixture<SoftwareTpm>, IAsyncLifetime
{
    private readonly PostgresServer? server;
    private readonly TpmDevice tpm;
    private ProvisioningHost host = null!;
    private MeasuredDevice device = null!;

    protected MeasuredBootSuite(PostgresServer? server, SoftwareTpm software)
    {
        this.server = server;
        tpm = new WiredTpmDevice(software).WithKeys().WithAttestationKey();
        tpm.Reset(16, 23);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await ProvisioningHost.StartAsync(server);

        // The tests say when it runs.
        await host.Get<BootUpkeep>().StopAsync(Token);
        device = new MeasuredDevice(host, tpm);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_first_quote_is_learned_and_the_same_boot_is_let_in_again()
    {
        await device.EnrollAsync("""{"pcrs":[16,0]}""");

        var done = await device.RegisterAsync();
        Assert.Equal((200, "assigned", ""), (done.Code, done.Text("status"), done.Text("registrationState.measuredBoot")));
        var enrolled = await host.AskAsync("GET", "/enrollments/dev-1");
        var registers = tpm.Registers("sha256:0,16");
        Assert.Equal(
            ("sha256", "[0,16]", "true", registers[0], registers[16]),
            (enrolled.Text("measuredBootPolicy.hashAlgorithm"), enrolled.Body!["measuredBootPolicy"]!["pcrs"]!.ToJsonString(), enrolled.Text("measuredBootPolicy.learned"),
                enrolled.Text("measuredBootPolicy.values.0"), enrolled.Text("measuredBootPolicy.values.16")));
        Assert.Equal("attested", enrolled.Text("registrationState.measuredBoot.status"));
        Assert.Equal("2026-11-24T12:00:00.0000000Z", (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.attestedDateTimeUtc"));

        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal(["enrollment.create dev-1", "enrollment.learn dev-1", "registration.assign dev-1", "registration.assign dev-1"], await host.AuditedAsync());
        Assert.Empty(host.Refusals);
    }

    [Fact]
    public async Task A_device_that_has_booted_something_else_is_refused_and_cut_off_and_returns_with_the_original_values()
    {
        await device.EnrollAsync();
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        var (first, good) = ((await host.DeviceAsync("dev-1"))!, tpm.Registers("sha256:16")[16]);
        tpm.Extend(16, "another kernel");

        var refused = await device.RegisterAsync();
        Assert.Equal((401, "401002", "Unauthorized"), (refused.Code, refused.Text("errorCode"), refused.Text("message")));
        var refusal = host.Refusals.Single();
        Assert.Equal(RefusalReason.BootStateChanged, refusal.Reason);
        Assert.Contains($"PCR 16 is {tpm.Registers("sha256:16")[16]} and should be {good}", refusal.Detail, StringComparison.Ordinal);
        var cut = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("disabled", "Quarantine by gatehouse-dps: PCR 16 changed"), (StatusOf(cut), cut.StatusReason));
        Assert.DoesNotContain(first.PrimaryKey, new[] { cut.PrimaryKey, cut.SecondaryKey });
        var record = await host.AskAsync("GET", "/registrations/dev-1");
        Assert.Equal(("disabled", "quarantined", "PCR 16 changed", ""), (record.Text("status"), record.Text("measuredBoot.status"), record.Text("measuredBoot.reason"), record.Text("assignedHub")));

        // Once more with the same boot: refused, and nothing is done twice.
        Assert.Equal(401, (await device.RegisterAsync()).Code);
        Assert.Equal(cut.PrimaryKey, (await host.DeviceAsync("dev-1"))!.PrimaryKey);

        tpm.Reset(16);
        var done = await device.RegisterAsync();
        Assert.Equal((200, "assigned"), Status(done));
        var back = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("enabled", ""), (StatusOf(back), back.StatusReason ?? ""));
        Assert.Null(tpm.Activate(Convert.FromBase64String(done.Text("registrationState.tpm.authenticationKey"))));
        Assert.Equal(HMACSHA256.HashData(Convert.FromBase64String(back.PrimaryKey!), "x"u8), tpm.Sign("x"u8));
        Assert.Equal("attested", (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.status"));
        Assert.Equal(
            ["enrollment.create", "enrollment.learn", "registration.assign", "registration.quarantine", "registration.assign", "registration.release"],
            (await host.AuditedAsync()).Select(entry => entry.Split(' ')[0]));
    }

    [Fact]
    public async Task Whom_an_operator_disabled_stays_disabled_and_loses_its_key_all_the_same()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        var first = (await host.DeviceAsync("dev-1"))!.PrimaryKey;
        await host.Get<IdentityRegistry>().PutAsync(host.Hub.Name, "operator", new IdentityInput { Key = new IdentityKey(DeviceId.Parse("dev-1")), Status = "disabled", StatusReason = "stolen", KeepsCredentials = true }, IfMatch.Any, Token);
        tpm.Extend(16, "x");
        Assert.Equal(401, (await device.RegisterAsync()).Code);

        var cut = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("disabled", "stolen"), (StatusOf(cut), cut.StatusReason));
        Assert.NotEqual(first, cut.PrimaryKey);

        tpm.Reset(16);
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        var back = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("disabled", "stolen"), (StatusOf(back), back.StatusReason));
    }

    [Fact]
    public async Task Given_values_decide_at_the_first_registration_too_and_another_bank_may_be_quoted()
    {
        var wrong = new string('0', 95) + "1";
        await device.EnrollAsync($$$"""{"hashAlgorithm":"SHA384","pcrs":[23],"values":{"23":"{{{wrong}}}"}}""");
        Assert.Equal(401, (await device.RegisterAsync()).Code);
        Assert.Null(await host.DeviceAsync("dev-1"));
        var record = await host.AskAsync("GET", "/registrations/dev-1");
        Assert.Equal(("disabled", "quarantined"), (record.Text("status"), record.Text("measuredBoot.status")));

        await device.EnrollAsync($$$"""{"hashAlgorithm":"sha384","pcrs":[23],"values":{"23":"{{{tpm.Registers("sha384:23")[23].ToUpperInvariant()}}}"}}""", "*");
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal("", (await host.AskAsync("GET", "/enrollments/dev-1")).Text("measuredBootPolicy.learned"));
        Assert.Equal("enabled", await StatusAsync());
    }

    [Fact]
    public async Task Learned_values_come_back_through_a_change_and_are_cleared_by_one_without_them()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        var read = (await host.AskAsync("GET", "/enrollments/dev-1")).Body!.AsObject();
        read["provisioningStatus"] = "enabled";
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", read.ToJsonString(), "*")).Code);
        Assert.Equal("true", (await host.AskAsync("GET", "/enrollments/dev-1")).Text("measuredBootPolicy.learned"));
        tpm.Extend(16, "y");
        Assert.Equal(401, (await device.RegisterAsync()).Code);

        await device.EnrollAsync(ifMatch: "*");
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal(tpm.Registers("sha256:16")[16], (await host.AskAsync("GET", "/enrollments/dev-1")).Text("measuredBootPolicy.values.16"));
        Assert.Equal("enabled", await StatusAsync());
    }

    [Fact]
    public async Task What_was_learned_of_a_board_is_forgotten_with_its_endorsement_key_and_what_was_given_is_not()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        var read = (await host.AskAsync("GET", "/enrollments/dev-1")).Body!.AsObject();
        read["attestation"]!["tpm"]!["endorsementKey"] = SampleTpmKey.Endorsement();
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", read.ToJsonString(), "*")).Code);
        var changed = await host.AskAsync("GET", "/enrollments/dev-1");
        Assert.Equal(("[0,16]", "", ""), (changed.Body!["measuredBootPolicy"]!["pcrs"]!.ToJsonString(), changed.Text("measuredBootPolicy.values"), changed.Text("measuredBootPolicy.learned")));

        read["measuredBootPolicy"]!["learned"] = false;
        read["attestation"]!["tpm"]!["endorsementKey"] = SampleTpmKey.Endorsement();
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", read.ToJsonString(), "*")).Code);
        Assert.Equal(tpm.Registers("sha256:16")[16], (await host.AskAsync("GET", "/enrollments/dev-1")).Text("measuredBootPolicy.values.16"));
    }

    [Fact]
    public async Task Who_takes_the_policy_away_lets_the_device_out_at_its_next_registration()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        tpm.Extend(16, "z");
        await device.RegisterAsync();

        Assert.Equal(200, (await device.EnrollAsync("null", "*")).Code);
        Assert.Equal("", (await device.AskAsync()).Text("measuredBoot"));
        var challenge = await device.AskAsync();
        var token = device.Token(challenge);
        Assert.Equal((200, "assigned"), Status(await device.FinishAsync(token, await device.SendAsync(token, device.Keys(null)))));
        Assert.Equal(("enabled", "attested"), (await StatusAsync(), (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.status")));
    }

    [Fact]
    public async Task A_device_that_is_asked_hears_of_it_and_answers_in_time()
    {
        await device.EnrollAsync();
        var attempt = await device.AttemptAsync();
        await device.FinishAsync(attempt.Token, await device.SendAsync(attempt));
        var early = await device.AttemptAsync();

        var asked = await host.AskAsync("POST", "/registrations/dev-1/requestAttestation", """{"withinSeconds":60}""");
        const string By = "2026-11-24T12:01:00.0000000Z";
        Assert.Equal((200, By, "attested"), (asked.Code, asked.Text("measuredBoot.attestBy"), asked.Text("measuredBoot.status")));
        Assert.Equal(By, await DesiredAsync());
        Assert.Equal(By, (await device.LookUpAsync(attempt.Token)).Text("measuredBoot.attestBy"));

        // What was quoted before does not answer it.
        Assert.Equal(401, (await device.SendAsync(early)).Code);
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal(("", ""), ((await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.attestBy"), await DesiredAsync()));
        host.Time.Advance(TimeSpan.FromSeconds(61));
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal("enabled", await StatusAsync());
    }

    [Fact]
    public async Task A_device_that_does_not_answer_is_in_quarantine_when_its_time_has_come()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        await host.AskAsync("POST", "/registrations/dev-1/requestAttestation", """{"withinSeconds":10}""");
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal("enabled", await StatusAsync());

        host.Time.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAll(host.Get<BootUpkeep>().RunAsync(Token), host.Get<BootUpkeep>().RunAsync(Token));

        var cut = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal(("disabled", "Quarantine by gatehouse-dps: no good quote came by 2026-11-24T12:00:10.0000000Z"), (StatusOf(cut), cut.StatusReason));
        Assert.Single(await host.AuditedAsync(), entry => entry == "registration.quarantine dev-1");
        Assert.Equal("quarantined", (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.status"));
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal("enabled", await StatusAsync());
    }

    [Fact]
    public async Task A_policy_may_want_a_quote_every_so_often()
    {
        await device.EnrollAsync("""{"pcrs":[16],"reattestEverySeconds":3600}""");
        await device.RegisterAsync();
        Assert.Equal("2026-11-24T13:00:00.0000000Z", await DesiredAsync());

        // Asking sooner brings it forward, asking later does not put it off.
        await host.AskAsync("POST", "/registrations/dev-1/requestAttestation", """{"withinSeconds":86400}""");
        Assert.Equal("2026-11-24T13:00:00.0000000Z", await DesiredAsync());
        host.Time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal((200, "assigned"), Status(await device.RegisterAsync()));
        Assert.Equal("2026-11-24T13:50:00.0000000Z", await DesiredAsync());

        host.Time.Advance(TimeSpan.FromHours(1));
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal("disabled", await StatusAsync());
    }

    [Fact]
    public async Task What_was_cut_short_is_done_later_and_a_policy_that_is_gone_quarantines_nobody()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        await host.AskAsync("POST", "/registrations/dev-1/requestAttestation");
        await device.EnrollAsync("null", "*");
        host.Time.Advance(TimeSpan.FromHours(1));
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal(("enabled", ""), (await StatusAsync(), (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.attestBy")));

        // A node that ended between its record and the hub leaves the work behind.
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, token) =>
            {
                var row = (await RegistrationRows.FindAsync(transaction.Connection, host.Instance.Name, "dev-1", token, transaction.Transaction))!;
                await BootRows.UpdateAsync(transaction, row with { BootQuarantined = 1, BootPending = (long)BootWork.Quarantine, BootTried = host.Time.GetUtcNow().UtcTicks }, token);
                return true;
            },
            Token);
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal("enabled", await StatusAsync());
        host.Time.Advance(TimeSpan.FromSeconds(31));
        await host.Get<BootUpkeep>().RunAsync(Token);
        Assert.Equal("disabled", await StatusAsync());
    }

    [Theory]
    [InlineData("""{"withinSeconds":9}""")]
    [InlineData("""{"withinSeconds":86401}""")]
    [InlineData("""{"withinSeconds":"soon"}""")]
    public async Task A_time_out_of_bounds_is_refused(string body)
    {
        await device.EnrollAsync();
        await device.RegisterAsync();

        Assert.Equal(400, (await host.AskAsync("POST", "/registrations/dev-1/requestAttestation", body)).Code);
        Assert.Equal("", (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.attestBy"));
    }

    [Fact]
    public async Task Only_a_registration_whose_enrollment_has_a_policy_can_be_asked()
    {
        var key = (await host.EnrollAsync("key-1", """ "attestation":{"type":"symmetricKey"} """))["attestation"]!["symmetricKey"]!["primaryKey"]!.ToString();
        await host.RegisterAsync("key-1", key);

        Assert.Equal(400, (await host.AskAsync("POST", "/registrations/key-1/requestAttestation")).Code);
        Assert.Equal(404, (await host.AskAsync("POST", "/registrations/nobody/requestAttestation")).Code);
    }

    [Fact]
    public async Task A_quote_is_used_by_one_node_only_and_what_is_judged_meanwhile_stands()
    {
        await device.EnrollAsync();
        await device.RegisterAsync();
        var (states, database) = (host.Get<BootStates>(), host.Get<Database>());
        var proof = new DeviceProof(host.Instance, "dev-1", null, null);
        var row = (await RowAsync())!;
        var boot = new ProvedBoot(new MeasuredBootPolicy { HashAlgorithm = "sha256", Pcrs = [0] }, row.BootRound, new Dictionary<string, string>(), new BootState { Attested = 1 });

        var claims = await Task.WhenAll(states.ClaimAsync(proof, boot), states.ClaimAsync(proof, boot), states.ClaimAsync(proof, boot));
        var claimed = Assert.Single(claims, claim => claim is not null);

        // While one node gives the device its hub, another sees that it has changed.
        await states.QuarantineAsync(proof, new ChangedBoot([new ChangedRegister("0", "aa", "bb")]));
        var key = Convert.ToBase64String(new byte[32]);
        var given = new ProvisionedDevice { Id = DeviceId.Parse("dev-1"), PrimaryKey = key, SecondaryKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), EndsQuarantineOf = host.Instance.Name };
        Assert.True((await host.Get<IDeviceRegistrar>().RegisterAsync(host.Hub.Name, "test", given, Token)).IsOk);
        Assert.Equal("enabled", await StatusAsync());
        await database.WriteAsync<bool>(
            async (transaction, token) =>
            {
                await states.ReleaseAsync(transaction, row, claimed, token);
                return true;
            },
            Token);
        await states.ApplyAsync(host.Instance.Name, "dev-1", Token);

        var cut = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal("disabled", StatusOf(cut));
        Assert.NotEqual(key, cut.PrimaryKey);
        Assert.Equal(("disabled", "quarantined"), ((await host.AskAsync("GET", "/registrations/dev-1")).Text("status"), (await host.AskAsync("GET", "/registrations/dev-1")).Text("measuredBoot.status")));
    }

    private Task<RegistrationRow?> RowAsync() => host.Get<Database>().ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, host.Instance.Name, "dev-1", token), Token);

    private static string StatusOf(RegisteredIdentity identity) => identity.IsEnabled ? "enabled" : "disabled";

    private async Task<string> StatusAsync() => StatusOf((await host.DeviceAsync("dev-1"))!);

    private static (int Code, string Status) Status(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("status"));

    private async Task<string> DesiredAsync()
    {
        var twin = await host.Get<IDeviceRegistrar>().ReadTwinAsync(host.Hub.Name, DeviceId.Parse("dev-1"), Token);
        return JsonNode.Parse(twin!.Value.Span)!["properties"]!["desired"]!["measuredBoot"]?["attestBy"]?.ToString() ?? "";
    }
}
