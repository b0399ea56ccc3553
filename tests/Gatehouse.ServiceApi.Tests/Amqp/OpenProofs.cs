using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>Every peer has proved a policy whose rights and reach the test sets and takes back.</summary>
internal sealed class OpenProofs : IPeerProofSource
{
    /// <summary>Resource paths that the policy's token covers, by prefix.</summary>
    internal string Scope { get; set; } = "";

    internal Rights Rights { get; set; } = Rights.ServiceConnect;

    private Grant Held { get; set; } = new();

    public IPeerProofs Open(ClientTraits client, IPAddress? remoteAddress, PeerCertificate? certificate) => new Proofs(this);

    /// <summary>The key was regenerated, say: all that hung on the right ends, and it cannot be had again.</summary>
    internal void End(HubError error)
    {
        Rights = Rights.None;
        Held.End(error);
        Held = new Grant();
    }

    private Result<IGrant> Reach(string hostName, string resourcePath, Operation row)
    {
        var reaches = hostName == "localhost" && resourcePath.StartsWith(Scope, StringComparison.OrdinalIgnoreCase) && row.IsAllowed(Rights);
        return reaches ? (Result<IGrant>)Held : HubErrors.IotHubUnauthorizedAccess;
    }

    private sealed class Proofs(OpenProofs source) : IPeerProofs
    {
        public bool IsAny => source.Rights != Rights.None;

        public ValueTask<Result<IGrant>> ProveAsync(string userName, string password, CancellationToken cancellationToken) => new(HubErrors.IotHubUnauthorizedAccess);

        public ValueTask<Result<IGrant>> PutTokenAsync(string audience, string token, CancellationToken cancellationToken) => new(HubErrors.IotHubUnauthorizedAccess);

        public ValueTask<Result<IGrant>> ActAsAsync(string hostName, IdentityKey identity, CancellationToken cancellationToken) => new(HubErrors.IotHubUnauthorizedAccess);

        public Result<IGrant> Reach(string hostName, string resourcePath, Operation row) => source.Reach(hostName, resourcePath, row);

        public void Beat()
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Grant : IGrant
    {
        private readonly List<Action<HubError>> actions = [];

        public Principal Principal { get; } = new()
        {
            Hub = HubName.Parse("gatehouse"), PolicyName = "service", Rights = Rights.ServiceConnect, Method = AuthenticationMethod.PolicyKey, Credential = "primaryKey",
        };

        public IDisposable WhenEnded(Action<HubError> action)
        {
            lock (actions)
            {
                actions.Add(action);
            }

            return new Watch(() =>
            {
                lock (actions)
                {
                    actions.Remove(action);
                }
            });
        }

        internal void End(HubError error)
        {
            Action<HubError>[] all;
            lock (actions)
            {
                all = [.. actions];
            }

            foreach (var each in all)
            {
                each(error);
            }
        }
    }

    private sealed class Watch(Action dispose) : IDisposable
    {
        public void Dispose() => dispose();
    }
}
