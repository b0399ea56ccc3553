using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity.Peers;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>A hub in memory, its signals and refusals, and connections to it.</summary>
internal sealed class PeerWorld : IDisposable
{
    internal const string Host = MemoryCredentials.Host;

    private readonly MemorySignals signals = new();
    private readonly MemoryRefusals refusals = new();
    private readonly MemoryStrictness strictness = new();

    internal PeerWorld(IdentityOptions? options = null, bool hasBackoff = false)
    {
        Time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
        options ??= new IdentityOptions();
        Held = new HeldCredentials(Credentials);
        Parts = new IdentityParts(Held, Credentials.Vault, Time)
        {
            Options = options,
            Revocations = Revocations,
            StrictnessChanges = strictness,
            Backoff = hasBackoff ? new RefusalBackoff(options.Backoff, Time) : null,
        };
        Source = new PeerProofSource(Parts, signals, refusals);
        foreach (var id in new[] { "dev1", "dev10", "dev2", "dev1/mod1", "dev1/mod10" })
        {
            Credentials.AddDevice(id);
        }

        Credentials.AddPolicy("iothubowner", Rights.Owner);
        Credentials.AddPolicy("service", Rights.ServiceConnect);
        Credentials.AddPolicy("device", Rights.DeviceConnect);
        Credentials.AddPolicy("registryRead", Rights.RegistryRead);
    }

    internal MemoryCredentials Credentials { get; } = new();

    /// <summary>What judgements look into.</summary>
    internal HeldCredentials Held { get; }

    internal MemoryRevocations Revocations { get; } = new();

    internal FakeTimeProvider Time { get; }

    internal IdentityParts Parts { get; }

    internal PeerProofSource Source { get; }

    internal IReadOnlyList<Refusal> Refusals => refusals.All;

    /// <summary>Reason of the latest refusal that the operator sees.</summary>
    internal RefusalReason LastReason => refusals.All[^1].Reason;

    /// <summary>Seconds since 1970 in an hour.</summary>
    internal long InAnHour => Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();

    internal IPeerProofs Open(PeerCertificate? certificate = null, IPAddress? address = null) => Source.Open(new ClientTraits { Protocol = "amqp" }, address ?? IPAddress.Parse("192.0.2.1"), certificate);

    /// <summary>A token over <paramref name="resource"/> exactly as given.</summary>
    internal string Token(string resource, string key, string? policy = null, long? expiry = null)
    {
        var end = expiry ?? InAnHour;
        var signature = HMACSHA256.HashData(MemoryCredentials.Key(key), Encoding.UTF8.GetBytes($"{resource}\n{end}"));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={end}" + (policy is null ? "" : $"&skn={policy}");
    }

    /// <summary>As Node makes it: encoded once, signed with the first key.</summary>
    internal string DeviceToken(string id, long? expiry = null, string? key = null) => Token(Uri.EscapeDataString(Path(id)), key ?? $"{id}-1", expiry: expiry);

    internal string PolicyToken(string policy, string path = "", long? expiry = null, string? key = null) =>
        Token(Uri.EscapeDataString(Host + path), key ?? $"{policy}-1", policy, expiry);

    internal static string Path(string id) => $"{Host}/devices/{id.Replace("/", "/modules/", StringComparison.Ordinal)}";

    /// <summary>Puts a device's own token, as it must succeed.</summary>
    internal async Task<IGrant> PutAsync(IPeerProofs proofs, string id, long? expiry = null) => (await proofs.PutTokenAsync(Path(id), DeviceToken(id, expiry), TestContext.Current.CancellationToken)).Value;

    internal async Task<IGrant> PutPolicyAsync(IPeerProofs proofs, string policy, string path = "", long? expiry = null) =>
        (await proofs.PutTokenAsync(Host + path, PolicyToken(policy, path, expiry), TestContext.Current.CancellationToken)).Value;

    internal static async Task<HubError?> ActAsync(IPeerProofs proofs, string id) => (await proofs.ActAsAsync(Host, MemoryCredentials.Identity(id), TestContext.Current.CancellationToken)).Error;

    internal void Signal(string subject, string key) => signals.Publish(new Signal(subject, "hub", key));

    /// <summary>Puts it in force, and tells of it.</summary>
    internal void Ask(Strictness asked)
    {
        Credentials.Strictness = asked;
        strictness.Changed();
    }

    public void Dispose()
    {
        Source.Dispose();
        Assert.Equal((0, 0), (signals.Count, strictness.Count));
    }

    private sealed class MemoryRefusals : IRefusalLog
    {
        internal List<Refusal> All { get; } = [];

        public void Report(Refusal refusal)
        {
            lock (All)
            {
                All.Add(refusal);
            }
        }
    }

    private sealed class MemoryStrictness : IStrictnessChanges
    {
        private readonly List<Action<HubName>> handlers = [];

        internal int Count => handlers.Count;

        public IDisposable Subscribe(Action<HubName> handler)
        {
            handlers.Add(handler);
            return new Subscription(() => handlers.Remove(handler));
        }

        internal void Changed() => handlers.ForEach(static handler => handler(HubName.Parse("hub")));
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    private sealed class MemorySignals : ISignals
    {
        private readonly List<(string Subject, Action<Signal> Handler)> handlers = [];

        public bool ReachesOthers => false;

        internal int Count => handlers.Count;

        public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken)
        {
            Publish(signal);
            return default;
        }

        public IDisposable Subscribe(string subject, Action<Signal> handler)
        {
            handlers.Add((subject, handler));
            return new Subscription(() => handlers.Remove((subject, handler)));
        }

        internal void Publish(Signal signal)
        {
            foreach (var each in handlers.Where(each => each.Subject == signal.Subject).ToList())
            {
                each.Handler(signal);
            }
        }
    }
}
