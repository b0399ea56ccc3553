using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using Xunit;

namespace Gatehouse.Transport.Tests;

/// <summary>Alone: .NET keeps the sessions of all clients of a process in one place, and lets go of some when other tests bring many certificates.</summary>
[CollectionDefinition(nameof(ResumptionTests), DisableParallelization = true)]
[Collection(nameof(ResumptionTests))]
public sealed class ResumptionTests
{
    private static readonly SslProtocols[] Versions = [SslProtocols.Tls12, SslProtocols.Tls13];

    public static TheoryData<SslProtocols> AllVersions => [.. Versions];

    [Theory]
    [MemberData(nameof(AllVersions))]
    public async Task A_session_without_a_client_certificate_is_resumed(SslProtocols version)
    {
        await using var host = await DoorHost.StartAsync();
        using var meters = new Meters(host.Get<IMeterFactory>());

        await EchoAsync(host, version, null);
        await EchoAsync(host, version, null);

        Assert.Equal(1, meters[$"tls.handshakes {Name(version)} full"]);
        Assert.Equal(1, meters[$"tls.handshakes {Name(version)} resumed"]);
    }

    [Theory]
    [MemberData(nameof(AllVersions))]
    public async Task A_resumed_session_keeps_the_client_certificate_and_its_intermediates(SslProtocols version)
    {
        await using var host = await DoorHost.StartAsync();
        using var meters = new Meters(host.Get<IMeterFactory>());
        var pki = new ClientPki();
        var leaf = pki.Leaf("device-1");

        await EchoAsync(host, version, leaf);
        await EchoAsync(host, version, leaf);
        await EchoAsync(host, version, leaf);

        Assert.Equal(1, meters[$"tls.handshakes {Name(version)} full"]);
        Assert.Equal(2, meters[$"tls.handshakes {Name(version)} resumed"]);
        Assert.Equal(3, host.Handler.Seen.Count);
        Assert.All(host.Handler.Seen, seen => Assert.Equal($"{leaf.TargetCertificate.Thumbprint} {pki.Intermediate.Thumbprint}", seen));
    }

    [Theory]
    [MemberData(nameof(AllVersions))]
    public async Task A_session_is_not_resumed_when_resumption_is_off(SslProtocols version)
    {
        await using var host = await DoorHost.StartAsync(o => o with { Tls = o.Tls with { Resumption = false } });
        using var meters = new Meters(host.Get<IMeterFactory>());

        await EchoAsync(host, version, null);
        await EchoAsync(host, version, null);

        Assert.Equal(2, meters[$"tls.handshakes {Name(version)} full"]);
    }

    private static string Name(SslProtocols version) => version == SslProtocols.Tls12 ? "1.2" : "1.3";

    private static async Task EchoAsync(DoorHost host, SslProtocols version, SslStreamCertificateContext? certificate)
    {
        await using var client = await host.ConnectAsync(o =>
        {
            o.EnabledSslProtocols = version;
            o.AllowTlsResume = true;
            o.ClientCertificateContext = certificate;
        });

        // TLS 1.3 tickets come after the handshake: the client has them when it has read something.
        await client.WriteAsync("ping"u8.ToArray(), TestContext.Current.CancellationToken);
        await client.ReadExactlyAsync(new byte[4], TestContext.Current.CancellationToken);
        await client.ShutdownAsync();
    }
}
