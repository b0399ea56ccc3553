using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>Proofs that are good when they say <c>good</c>.</summary>
internal sealed class FakeProofs : IPeerProofs, IPeerProofSource
{
    internal List<string> Audiences { get; } = [];

    internal int Beats { get; private set; }

    internal bool IsDisposed { get; private set; }

    public bool IsAny { get; set; }

    public IPeerProofs Open(ClientTraits client, IPAddress? remoteAddress, PeerCertificate? certificate) => this;

    public ValueTask<Result<IGrant>> ProveAsync(string userName, string password, CancellationToken cancellationToken) => Judge(password);

    public ValueTask<Result<IGrant>> PutTokenAsync(string audience, string token, CancellationToken cancellationToken)
    {
        Audiences.Add(audience);
        return Judge(token);
    }

    public ValueTask<Result<IGrant>> ActAsAsync(string hostName, IdentityKey identity, CancellationToken cancellationToken) => Judge("good");

    public Result<IGrant> Reach(string hostName, string resourcePath, Operation row) => HubErrors.IotHubUnauthorizedAccess;

    public void Beat() => Beats++;

    public void Dispose() => IsDisposed = true;

    private ValueTask<Result<IGrant>> Judge(string proof)
    {
        if (!proof.Contains("good", StringComparison.Ordinal))
        {
            return new(HubErrors.IotHubUnauthorizedAccess);
        }

        IsAny = true;
        return new(Result<IGrant>.Of(new FakeGrant()));
    }

    private sealed class FakeGrant : IGrant
    {
        public Principal Principal { get; } = new()
        {
            Hub = HubName.TryParse("hub", out var hub) ? hub : default,
            Rights = Rights.Owner,
            Method = AuthenticationMethod.PolicyKey,
            Credential = "primaryKey",
        };

        public IDisposable WhenEnded(Action<HubError> action) => new CancellationTokenSource();
    }
}
