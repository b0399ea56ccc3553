using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Credentials;

/// <summary>What a peer has proved on one connection that may act for many identities (AMQP), and what that lets it do. Lives as long as the connection; safe from any thread.</summary>
/// <remarks>Sources: device-plane §2.1, §2.3 and service-plane §7.1 of the wire reference (SASL PLAIN, claims-based security).</remarks>
public interface IPeerProofs : IDisposable
{
    /// <summary>Whether anything is proved at present.</summary>
    bool IsAny { get; }

    /// <summary>SASL PLAIN: <c>{device}@sas.{hub}</c>, <c>{device}/modules/{module}@sas.{hub}</c> or <c>{policy}@sas.root.{hub}</c> with a SAS token. Stands for the whole connection.</summary>
    ValueTask<Result<IGrant>> ProveAsync(string userName, string password, CancellationToken cancellationToken);

    /// <summary>CBS put-token. A token for an audience that has one already replaces it: its grant lives on with the new end.</summary>
    /// <param name="audience">Name of the request: <c>{host}/devices/{id}</c>, a host, <c>sb://{host}/{entity}/…</c>; raw or percent-encoded.</param>
    /// <param name="token">SAS token text.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    ValueTask<Result<IGrant>> PutTokenAsync(string audience, string token, CancellationToken cancellationToken);

    /// <summary>The right to be this device or module: by its own token, a policy's token with DeviceConnect that covers it, PLAIN, or the client certificate of the connection.</summary>
    /// <param name="hostName">Host that the link's address or the connection's open names; decides the hub.</param>
    /// <param name="identity">Whose link it is.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    ValueTask<Result<IGrant>> ActAsAsync(string hostName, IdentityKey identity, CancellationToken cancellationToken);

    /// <summary>A policy's right to an operation on a resource that its token covers.</summary>
    /// <param name="hostName">As for <see cref="ActAsAsync"/>.</param>
    /// <param name="resourcePath">Decoded path without host, e.g. <c>messages/events/ConsumerGroups/$Default/Partitions/0</c>.</param>
    /// <param name="row">What it wants to do.</param>
    Result<IGrant> Reach(string hostName, string resourcePath, Operation row);

    /// <summary>Ends what has run out. The connection's heart-beat calls it.</summary>
    void Beat();
}

/// <summary>One proved right. Links hang on it: when it ends, exactly they close.</summary>
public interface IGrant
{
    /// <summary>Who it is; replaced when the token is renewed.</summary>
    Principal Principal { get; }

    /// <summary>Calls <paramref name="action"/> once, from any thread, when the right ends (token run out and not renewed, key regenerated, identity disabled or deleted, CA removed); at once when it has ended already. Disposing takes it back.</summary>
    IDisposable WhenEnded(Action<HubError> action);
}

/// <summary>Opens the proofs of a new connection.</summary>
public interface IPeerProofSource
{
    /// <param name="client">For refusals (its protocol), and for use tracking.</param>
    /// <param name="remoteAddress">For back-off and refusals; null when unknown.</param>
    /// <param name="certificate">What TLS proved; null when none was presented. The connection disposes it.</param>
    IPeerProofs Open(ClientTraits client, System.Net.IPAddress? remoteAddress, PeerCertificate? certificate);
}
