using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Credentials;

/// <summary>Hears of each credential that let somebody in. Implemented by Hub; safe from any thread.</summary>
public interface ICredentialUses
{
    /// <summary>Call it at each login and each renewal of a token, after the judgement. A few memory writes; nothing is stored before it returns, and it never throws.</summary>
    void Used(Principal principal, ClientTraits client);

    /// <summary>Call it at each login by a certificate, beside <see cref="Used"/>: what was shown goes into the inventory. A few memory writes; the bytes of the certificates stay in memory for some seconds. Does nothing for those who came by a token; never throws.</summary>
    void Shown(Principal principal, PeerCertificate? certificate);

    /// <summary>From here on those who are let in and stay are counted, until it is disposed.</summary>
    IDisposable Attach(ILiveUses live);
}

/// <summary>Whoever keeps what was let in and goes on (sessions, grants).</summary>
public interface ILiveUses
{
    /// <summary>All that are open now in a hub: a copy, made for each question.</summary>
    IReadOnlyList<LiveUse> Of(HubName hub);
}

/// <summary>One who is connected now.</summary>
/// <param name="Principal">Who, and by what.</param>
/// <param name="TlsVersion"><c>1.2</c> or <c>1.3</c>; null when unknown.</param>
/// <param name="Address">Where the connection comes from; null when unknown.</param>
public readonly record struct LiveUse(Principal Principal, string? TlsVersion, System.Net.IPAddress? Address = null);

/// <summary>What a client showed of itself and was shown, beside its credential. Nothing here is judged; what it says of itself may be false.</summary>
public sealed record ClientTraits
{
    /// <summary>Longest <see cref="Software"/> that is kept, in characters; more is cut off. Source: own.</summary>
    public const int MaxSoftwareCharacters = 256;

    private readonly string? software;

    /// <summary><c>mqtt</c>, <c>mqtt-ws</c>, <c>amqp</c>, <c>amqp-ws</c> or <c>https</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary><c>1.2</c> or <c>1.3</c>; null without TLS.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>Name of the IANA registry, as <c>TLS_AES_256_GCM_SHA384</c>; null without TLS.</summary>
    public string? CipherSuite { get; init; }

    /// <summary>Our own certificate that it was shown; null without TLS.</summary>
    public ShownServer? Server { get; init; }

    // A stranger's text: PostgreSQL takes no NUL and no half of a pair, and one row that it does not take would hold all others up.
    private static string Storable(string text) => text.Any(IsForeign) ? string.Create(text.Length, text, static (span, from) =>
    {
        for (var at = 0; at < span.Length; at++)
        {
            span[at] = IsForeign(from[at]) ? '?' : from[at];
        }
    }) : text;

    private static bool IsForeign(char letter) => char.IsControl(letter) || char.IsSurrogate(letter);

    /// <summary>SDK and version as the client names them: <c>DeviceClientType</c> of the MQTT user name, <c>com.microsoft:client-version</c> of an AMQP link, <c>User-Agent</c>. Null when it said nothing.</summary>
    public string? Software
    {
        get => software;
        init => software = string.IsNullOrEmpty(value) ? null : Storable(value.Length > MaxSoftwareCharacters ? value[..MaxSoftwareCharacters] : value);
    }
}

/// <summary>A certificate of this server. One object for each that serves, shared by all connections.</summary>
/// <param name="Thumbprint">SHA-256, 64 hexadecimal digits in capitals.</param>
/// <param name="Issuer">Name of the CA above the last certificate that is sent: what clients must trust.</param>
public sealed record ShownServer(string Thumbprint, string Issuer);
