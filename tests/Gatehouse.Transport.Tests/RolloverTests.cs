using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Tls;
using Xunit;

namespace Gatehouse.Transport.Tests;

/// <summary>The change of the server's certificate at a real front door.</summary>
public sealed class RolloverTests
{
    private static readonly ChangedBy By = new("hub", "policy:owner");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_switch_shows_the_new_certificate_in_new_handshakes_and_open_connections_go_on()
    {
        await using var host = await StartAsync();
        var (before, kept) = (host.Get<IServerCertificates>().Read().Present, await host.ConnectAsync(Named("hub.example")));
        var next = Make("hub.example");

        var staged = Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
        await using (var still = await host.ConnectAsync(Named("hub.example")))
        {
            Assert.Equal(before.Sha256, Shown(still));
        }

        var switched = Ok(host.Get<IServerCertificates>().Switch(10, Hour, By));

        Assert.Equal(("staged", "switched"), (staged.Phase, switched.Phase));
        await using (var after = await host.ConnectAsync(Trusting(next.Root, "hub.example")))
        {
            Assert.Equal(next.Sha256, Shown(after));
        }

        Assert.Equal("ping", await EchoAsync(kept, "ping"));

        // What the new one does not name is still shown by the server's own.
        await using (var local = await host.ConnectAsync(Named("localhost")))
        {
            Assert.Equal(before.Sha256, Shown(local));
        }

        Ok(host.Get<IServerCertificates>().RollBack(By));
        await using (var back = await host.ConnectAsync(Named("hub.example")))
        {
            Assert.Equal(before.Sha256, Shown(back));
        }

        Ok(host.Get<IServerCertificates>().Switch(10, Hour, By));
        Assert.Equal("none", Ok(host.Get<IServerCertificates>().Retire(By)).Phase);
        await using (var final = await host.ConnectAsync(Trusting(next.Root, "hub.example")))
        {
            Assert.Equal(next.Sha256, Shown(final));
        }

        Assert.Equal("pong", await EchoAsync(kept, "pong"));
        await kept.DisposeAsync();
        Assert.Equal(
            ["serverCertificate.stage", "serverCertificate.switch", "serverCertificate.rollback", "serverCertificate.switch", "serverCertificate.retire"],
            host.Get<IServerCertificates>().Unrecorded.Select(static each => each.Action));
    }

    [Fact]
    public async Task A_canary_shows_both_and_who_refuses_it_gets_in_at_another_attempt()
    {
        await using var host = await StartAsync();
        var next = Make("hub.example");
        Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Canary(50, rollBackAt: 0, By));

        var seen = new HashSet<string>();
        for (var i = 0; i < 200 && seen.Count < 2; i++)
        {
            await using var stream = await host.ConnectAsync(options => (options.TargetHost, options.CertificateChainPolicy, options.RemoteCertificateValidationCallback) = ("hub.example", null, static (_, _, _, _) => true));
            seen.Add(Shown(stream));
        }

        Assert.Equal(2, seen.Count);
        Assert.Contains(next.Sha256, seen);
    }

    [Theory]
    [InlineData(true, "staged")]
    [InlineData(false, "switched")]
    public async Task A_certificate_that_clients_refuse_is_taken_back_unless_they_are_strangers(bool isKnown, string phase)
    {
        await using var host = await StartAsync(isKnown);
        await using (var first = await host.ConnectAsync(Named("hub.example")))
        {
            await EchoAsync(first, "hello");
        }

        var next = Make("hub.example");
        var trusted = host.Folder.Path("trusted.pem");
        File.Copy(host.Door.RootCertificatePath, trusted);
        Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Switch(10, Hour, By));
        for (var i = 0; i < HandshakeTally.FewestRefusals; i++)
        {
            // OpenSSL sends the alert inside the handshake, as devices in C do.
            await OpenSsl.RefusedAsync("s_client", "-connect", $"127.0.0.1:{host.Door.MqttPort}", "-servername", "hub.example", "-CAfile", trusted, "-verify_return_error");
        }

        await Eventually.TrueAsync(() => host.Get<IServerCertificates>().Read().NextHandshakes is { } counts && counts.Refused + counts.ByStrangers >= HandshakeTally.FewestRefusals);
        host.Beat();

        var state = host.Get<IServerCertificates>().Read();
        Assert.Equal(phase, state.Phase);
        Assert.Equal(isKnown, state.RolledBack is not null);
        Assert.Equal(isKnown ? HandshakeTally.FewestRefusals : 0, state.NextHandshakes!.Refused);
        Assert.Equal(state.NextHandshakes.Refused, state.NextHandshakes.Alerts.Values.Sum());
        if (isKnown)
        {
            Assert.Contains("5 of 5 handshakes failed by it", state.RolledBack, StringComparison.Ordinal);
            Assert.Equal(("server", "serverCertificate.rollback"), (host.Get<IServerCertificates>().Unrecorded[^1].Actor, host.Get<IServerCertificates>().Unrecorded[^1].Action));
        }
    }

    [Fact]
    public async Task A_refusal_is_known_by_its_alert()
    {
        await using var host = await StartAsync();
        await using (var first = await host.ConnectAsync(Named("hub.example")))
        {
            await EchoAsync(first, "hello");
        }

        var trusted = host.Folder.Path("trusted.pem");
        File.Copy(host.Door.RootCertificatePath, trusted);
        Ok(host.Get<IServerCertificates>().Stage(Make("hub.example").Input, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Switch(0, Hour, By));

        // OpenSSL closes with bytes unread, which resets the connection; now and then the alert is lost with it.
        for (var i = 0; i < 100 && !host.Get<IServerCertificates>().Read().NextHandshakes!.Alerts.ContainsKey("unknown_ca"); i++)
        {
            await OpenSsl.RefusedAsync("s_client", "-connect", $"127.0.0.1:{host.Door.MqttPort}", "-servername", "hub.example", "-CAfile", trusted, "-verify_return_error");
        }

        Assert.Contains("unknown_ca", host.Get<IServerCertificates>().Read().NextHandshakes!.Alerts.Keys);
    }

    [Fact]
    public async Task Clients_that_leave_after_the_handshake_without_a_byte_count_as_refusing_it()
    {
        await using var host = await StartAsync();
        await using (var first = await host.ConnectAsync(Named("hub.example")))
        {
            await EchoAsync(first, "hello");
        }

        var next = Make("hub.example");
        Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Switch(10, Hour, By));
        for (var i = 0; i < HandshakeTally.FewestRefusals; i++)
        {
            var late = await host.ConnectAsync(Trusting(next.Root, "hub.example"));
            var shown = i + 1;
            await Eventually.TrueAsync(() => host.Get<IServerCertificates>().Read().NextHandshakes!.Completed >= shown);
            await late.DisposeAsync();
        }

        await Eventually.TrueAsync(() => host.Get<IServerCertificates>().Read().NextHandshakes!.Left >= HandshakeTally.FewestRefusals);
        host.Beat();

        Assert.Equal("staged", host.Get<IServerCertificates>().Read().Phase);
    }

    [Fact]
    public void What_failed_before_the_switch_is_not_held_against_the_new_certificate()
    {
        HandshakeCounts Counts(long completed, long refused, long left) => new(completed, refused, left, 0, new Dictionary<string, long>());

        Assert.True(HandshakeTally.IsTooMuch(Counts(0, 0, 0), Counts(45, 5, 0), 10));
        Assert.False(HandshakeTally.IsTooMuch(Counts(0, 0, 0), Counts(46, 4, 0), 10));
        Assert.False(HandshakeTally.IsTooMuch(Counts(0, 0, 0), Counts(46, 5, 0), 10));
        Assert.False(HandshakeTally.IsTooMuch(Counts(100, 0, 20), Counts(100, 0, 25), 10));
        Assert.True(HandshakeTally.IsTooMuch(Counts(100, 0, 20), Counts(100, 0, 30), 10));
        Assert.False(HandshakeTally.IsTooMuch(Counts(0, 0, 0), Counts(0, 100, 0), 0));
    }

    [Fact]
    public async Task What_cannot_be_shown_is_refused_in_one_line_and_nothing_is_kept()
    {
        await using var host = await StartAsync();
        var files = Files(host);
        var (good, other) = (Make("hub.example"), Make("hub.example"));
        var past = Make("hub.example", change: static options => options with { NotAfter = DateTimeOffset.UtcNow.AddHours(1) });
        (NextCertificate Input, string Words)[] all =
        [
            (new(), "Either a certificate"),
            (good.Input with { PrivateKey = null }, "private key"),
            (good.Input with { PrivateKey = other.Input.PrivateKey }, "does not belong"),
            (good.Input with { Chain = "nonsense" }, "1–8 certificates"),
            (good.Input with { Root = other.Root.ExportCertificatePem() }, "does not lead to the root"),
            (good.Input with { Root = null }, "leads to no root"),
            (Make("other.example").Input, "does not name hub.example"),
            (past.Input, "less than a day"),
            (Make("hub.example", change: static options => options with { NotBefore = DateTimeOffset.UtcNow.AddHours(1) }).Input, "not valid before"),
            (Make("hub.example", change: static options => options with { Usage = "1.3.6.1.5.5.7.3.2" }).Input, "serverAuth"),
            (Make("hub.example", change: static options => options with { Key = ECDsa.Create(ECCurve.NamedCurves.nistP521) }).Input, "ec-p521"),
            (good.Input with { IsNewRoot = true }, "Either a certificate"),
        ];
        foreach (var (input, words) in all)
        {
            var refused = host.Get<IServerCertificates>().Stage(input, isDrill: false, By);

            Assert.Equal(HubErrors.ArgumentInvalid.Code, refused.Error?.Code);
            Assert.Contains(words, refused.Error!.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("PRIVATE", refused.Error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(HubErrors.InvalidOperation.Code, host.Get<IServerCertificates>().Switch(10, Hour, By).Error?.Code);
        Assert.Equal(HubErrors.InvalidOperation.Code, host.Get<IServerCertificates>().RollBack(By).Error?.Code);
        Assert.Equal(HubErrors.InvalidOperation.Code, host.Get<IServerCertificates>().Retire(By).Error?.Code);
        Assert.NotNull(Ok(host.Get<IServerCertificates>().Stage(good.Input, isDrill: true, By)).Next);
        Assert.Equal(files, Files(host));
        Assert.Empty(host.Get<IServerCertificates>().Unrecorded);

        Ok(host.Get<IServerCertificates>().Stage(good.Input, isDrill: false, By));
        Assert.Equal(HubErrors.GenericConflict.Code, host.Get<IServerCertificates>().Stage(other.Input, isDrill: false, By).Error?.Code);
        Ok(host.Get<IServerCertificates>().Discard(By));
        Assert.DoesNotContain(Files(host), static each => each.Contains("handed-in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("write", false)]
    [InlineData("apply", true)]
    public async Task A_server_that_is_killed_in_a_step_is_before_it_or_after_it_when_it_starts_again(string step, bool isThrough)
    {
        var next = Make("hub.example");
        using var folder = new TempFolder();
        await using (var host = await StartAsync(folder: folder))
        {
            Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
            host.Get<CertificateRollover>().Before = name => _ = name == step ? throw new OperationCanceledException("killed") : name;
            Assert.Throws<OperationCanceledException>(() => host.Get<IServerCertificates>().Switch(10, Hour, By));
        }

        await using var again = await StartAsync(folder: folder);
        Assert.Equal(isThrough ? "switched" : "staged", again.Get<IServerCertificates>().Read().Phase);
        Assert.Equal(isThrough ? 2 : 1, again.Get<IServerCertificates>().Unrecorded.Count);
        await using var stream = await again.ConnectAsync(isThrough ? Trusting(next.Root, "hub.example") : Named("hub.example"));
        Assert.Equal(isThrough, Shown(stream) == next.Sha256);
        again.Get<IServerCertificates>().MarkRecorded(again.Get<IServerCertificates>().Unrecorded.Count);
        Assert.Empty(again.Get<IServerCertificates>().Unrecorded);
    }

    [Fact]
    public async Task A_new_root_is_handed_out_beside_the_old_one_and_alone_when_that_is_retired()
    {
        using var folder = new TempFolder();
        X509Certificate2 first, second;
        await using (var host = await StartAsync(folder: folder))
        {
            first = host.Root;
            var kept = await host.ConnectAsync(Named("hub.example"));
            var staged = Ok(host.Get<IServerCertificates>().Stage(new NextCertificate { IsNewRoot = true }, isDrill: false, By));
            var roots = Roots(host);
            second = roots[1];
            Assert.Equal((2, first.Thumbprint), (roots.Count, roots[0].Thumbprint));
            Assert.Contains(staged.Warnings, static each => each.Contains("another root", StringComparison.Ordinal));
            Assert.Equal(staged.Present.Names, staged.Next!.Names);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(folder.Path("keys"), "ca-*.key").Single()));

            Ok(host.Get<IServerCertificates>().Switch(10, Hour, By));
            await Assert.ThrowsAsync<AuthenticationException>(() => host.ConnectAsync(Trusting(first, "localhost")));
            await using (var moved = await host.ConnectAsync(Trusting(second, "localhost")))
            {
                Assert.Equal("x", await EchoAsync(moved, "x"));
            }

            Assert.Equal("y", await EchoAsync(kept, "y"));
            await kept.DisposeAsync();
            Ok(host.Get<IServerCertificates>().Retire(By));
            Assert.Equal(second.Thumbprint, Assert.Single(Roots(host)).Thumbprint);
            Assert.False(File.Exists(folder.Path("keys", "ca.key")));
        }

        await using (var again = await StartAsync(folder: folder, names: ["hub.example", "added.example"]))
        {
            // Its certificates are renewed by the new root.
            await using var stream = await again.ConnectAsync(Trusting(second, "added.example"));
            Assert.Equal(second.Thumbprint, Assert.Single(Roots(again)).Thumbprint);
            var third = Ok(again.Get<IServerCertificates>().Stage(new NextCertificate { IsNewRoot = true }, isDrill: false, By));
            Assert.Equal(2, Roots(again).Count);
            Assert.NotEqual(third.Present.Root, third.Next!.Root);
            Ok(again.Get<IServerCertificates>().Discard(By));
            Assert.Equal(second.Thumbprint, Assert.Single(Roots(again)).Thumbprint);
        }
    }

    [Fact]
    public async Task A_handed_in_certificate_gives_way_to_the_files_again()
    {
        await using var host = await StartAsync();
        var next = Make("hub.example");
        Assert.Equal(HubErrors.InvalidOperation.Code, host.Get<IServerCertificates>().Stage(new NextCertificate { IsFromFiles = true }, isDrill: false, By).Error?.Code);
        Ok(host.Get<IServerCertificates>().Stage(next.Input, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Switch(0, Hour, By));
        var installed = Ok(host.Get<IServerCertificates>().Retire(By));
        Assert.Equal(("handed-in", 2), (installed.Present.Source, Roots(host).Count));

        Ok(host.Get<IServerCertificates>().Stage(new NextCertificate { IsFromFiles = true }, isDrill: false, By));
        Ok(host.Get<IServerCertificates>().Switch(0, Hour, By));
        var own = Ok(host.Get<IServerCertificates>().Retire(By));

        Assert.Equal(("made", 1), (own.Present.Source, Roots(host).Count));
        Assert.DoesNotContain(Files(host), static each => each.Contains("handed-in", StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_state_stops_the_start_and_is_named()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Path("tls"));
        foreach (var text in new[] { "nonsense", "{\"made\":\"../x\"}", "{\"change\":{}}", "{\"records\":[null]}" })
        {
            File.WriteAllText(folder.Path("tls", RolloverFile.FileName), text);
            Assert.Contains(RolloverFile.FileName, Assert.Throws<TransportException>(() => RolloverFile.Read(folder.Path("tls"))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_key_of_what_is_handed_in_is_in_no_text() => Assert.DoesNotContain("PRIVATE", Make("hub.example").Input.ToString(), StringComparison.Ordinal);

    private static Task<DoorHost> StartAsync(bool isKnown = true, TempFolder? folder = null, string[]? names = null) => DoorHost.StartAsync(
        options => options with { Tls = options.Tls with { HostNames = names ?? ["hub.example"] } },
        folder: folder,
        keep: folder is not null,
        serve: isKnown ? null : AnswerAsync);

    /// <summary>Answers without knowing its peer.</summary>
    private static async Task AnswerAsync(ClientConnection connection)
    {
        for (var read = await connection.Input.ReadAsync(); !read.Buffer.IsEmpty; read = await connection.Input.ReadAsync())
        {
            await connection.Output.WriteAsync(read.Buffer.First);
            connection.Input.AdvanceTo(read.Buffer.End);
        }
    }

    private static ServerCertificateState Ok(Result<ServerCertificateState> result) => result.IsOk ? result.Value : throw new Xunit.Sdk.XunitException(result.Error.Message);

    private static string Shown(SslStream stream) => stream.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    private static Action<SslClientAuthenticationOptions> Named(string host) => options => options.TargetHost = host;

    private static Action<SslClientAuthenticationOptions> Trusting(X509Certificate2 root, string host) => options =>
    {
        options.TargetHost = host;
        options.CertificateChainPolicy!.CustomTrustStore.Clear();
        options.CertificateChainPolicy.CustomTrustStore.Add(root);
    };

    private static async Task<string> EchoAsync(SslStream stream, string text)
    {
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text));
        var buffer = new byte[text.Length];
        await stream.ReadExactlyAsync(buffer);
        return System.Text.Encoding.ASCII.GetString(buffer);
    }

    private static X509Certificate2Collection Roots(DoorHost host)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(host.Door.RootCertificatePath);
        Assert.Equal(File.ReadAllText(host.Door.RootCertificatePath), host.Get<IServerCertificates>().Read().Roots);
        return roots;
    }

    private static List<string> Files(DoorHost host) => [.. Directory.GetFiles(host.Folder.Path("tls")).Concat(Directory.GetFiles(host.Folder.Path("keys"))).Order(StringComparer.Ordinal)];

    private sealed record Making(DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Usage, ECDsa Key);

    private sealed record Made(NextCertificate Input, X509Certificate2 Root, string Sha256);

    private static Made Make(string name, Func<Making, Making>? change = null)
    {
        var now = DateTimeOffset.UtcNow;
        var making = new Making(now.AddMinutes(-5), now.AddDays(90), "1.3.6.1.5.5.7.3.1", ECDsa.Create(ECCurve.NamedCurves.nistP256));
        making = change?.Invoke(making) ?? making;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var above = new CertificateRequest($"CN=outside root {Guid.NewGuid():N}", rootKey, HashAlgorithmName.SHA256);
        above.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var root = above.CreateSelfSigned(now.AddDays(-1), now.AddDays(900));
        var request = new CertificateRequest("CN=outside", making.Key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(making.Usage)], false));
        var leaf = request.Create(root, making.NotBefore, making.NotAfter, RandomNumberGenerator.GetBytes(8));
        return new Made(
            new NextCertificate { Chain = leaf.ExportCertificatePem(), PrivateKey = making.Key.ExportPkcs8PrivateKeyPem(), Root = root.ExportCertificatePem() },
            X509CertificateLoader.LoadCertificate(root.RawData),
            leaf.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant());
    }
}
