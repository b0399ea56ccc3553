using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Listeners;
using Gatehouse.Transport.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Tests;

/// <summary>The real front door on ports of the system's choice, with a handler that echoes.</summary>
internal sealed class DoorHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly bool _keep;

    private DoorHost(WebApplication app, TempFolder folder, bool keep, LogLines log, Handler handler) =>
        (_app, Folder, _keep, Log, Handler) = (app, folder, keep, log, handler);

    public TempFolder Folder { get; }

    public LogLines Log { get; }

    public Handler Handler { get; }

    public FrontDoor Door => Get<FrontDoor>();

    public X509Certificate2 Root => X509CertificateLoader.LoadCertificateFromFile(Door.RootCertificatePath);

    public static async Task<DoorHost> StartAsync(
        Func<TransportOptions, TransportOptions>? change = null, TimeProvider? time = null, TempFolder? folder = null, bool keep = false, Func<ClientConnection, Task>? serve = null)
    {
        folder ??= new TempFolder();
        var log = new LogLines();
        var handler = new Handler(serve ?? Handler.EchoAsync);
        var options = new TransportOptions
        {
            Addresses = [IPAddress.Loopback],
            MqttPort = 0,
            AmqpPort = 0,
            HttpsPort = 0,
            DrainTimeout = TimeSpan.FromMilliseconds(200),
            Tls = new TlsOptions { Folder = folder.Path("tls"), KeysFolder = folder.Path("keys"), CertificatesFolder = folder.Path("certificates") },
        };
        options = change?.Invoke(options) ?? options;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        builder.Services.RemoveAll<TimeProvider>();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddRoutingCore();
        builder.Services.AddTransport(options);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.UseTransport(_ => handler, _ => handler));
        var app = builder.Build();
        app.UseRouting();
        app.MapWebSockets(_ => handler, _ => handler);
        app.MapGet("/hello", (HttpContext c) => c.Response.WriteAsync($"{c.Request.Scheme} {c.Connection.ClientCertificate?.Subject}"));
        app.MapGet("/known", (HttpContext c) => c.MarkConnectionAuthenticated());
        await app.StartAsync();
        return new DoorHost(app, folder, keep, log, handler);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>One beat of the one timer.</summary>
    public void Beat() => _app.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<Heartbeat>().Single().Beat();

    public Task StopAsync() => _app.StopAsync();

    public async Task<TcpClient> TcpAsync(int? port = null)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port ?? Door.MqttPort!.Value);
        return client;
    }

    public async Task<SslStream> ConnectAsync(Action<SslClientAuthenticationOptions>? change = null, int? port = null)
    {
        var tcp = await TcpAsync(port);
        var stream = new SslStream(tcp.GetStream());
        var options = ClientOptions();
        change?.Invoke(options);
        await stream.AuthenticateAsClientAsync(options);
        return stream;
    }

    public SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        AllowTlsResume = false,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { Root },
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        },
    };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (!_keep)
        {
            Folder.Dispose();
        }
    }
}
