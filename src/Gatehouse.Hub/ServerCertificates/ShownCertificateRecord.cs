using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>Sees that each certificate and root of the node is in the trust log once, however it came to be: made at a start, renewed, handed in or staged.</summary>
/// <remarks>They lie in files that no transaction spans. So this looks at what is shown, and not at who changed it: what was cut short is made up for at the next look.</remarks>
internal sealed class ShownCertificateRecord(IServerCertificates certificates, TrustLogStore trustLog, Database database)
{
    private readonly HashSet<string> recorded = [];

    internal async Task RecordAsync(CancellationToken cancellationToken)
    {
        var state = certificates.Read();
        var facts = new List<JsonObject> { Describe(state.Present) };
        if (state.Next is { } next)
        {
            facts.Add(Describe(next));
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(state.Roots);
        foreach (var root in roots)
        {
            facts.Add(Describe(root));
            root.Dispose();
        }

        foreach (var fact in facts)
        {
            var fingerprint = (string)fact["sha256"]!;
            if (!recorded.Contains(fingerprint))
            {
                await RecordAsync(fact, fingerprint, cancellationToken);
                recorded.Add(fingerprint);
            }
        }
    }

    private async Task RecordAsync(JsonObject fact, string fingerprint, CancellationToken cancellationToken)
    {
        var (places, isWaiting) = await trustLog.FindAsync(Convert.FromHexString(fingerprint), cancellationToken);
        if (places.Count > 0 || isWaiting)
        {
            return;
        }

        await database.WriteAsync<bool>(
            (write, _) =>
            {
                write.Audit(new AuditRecord { Actor = "server", Action = "serverCertificate.shown", Subject = "server", Detail = fact.ToJsonString(), Fingerprint = fingerprint });
                return Task.FromResult<Result<bool>>(true);
            },
            cancellationToken);
    }

    private static JsonObject Describe(ShownCertificate certificate) => new()
    {
        ["sha256"] = certificate.Sha256.ToUpperInvariant(),
        ["subject"] = certificate.Subject,
        ["issuer"] = certificate.Issuer,
        ["serial"] = certificate.Serial,
        ["notAfter"] = certificate.NotAfter,
        ["source"] = certificate.Source,
        ["names"] = new JsonArray([.. certificate.Names.Select(static name => JsonValue.Create(name))]),
    };

    private static JsonObject Describe(X509Certificate2 root) => new()
    {
        ["sha256"] = root.GetCertHashString(HashAlgorithmName.SHA256),
        ["subject"] = root.Subject,
        ["issuer"] = root.Issuer,
        ["serial"] = root.SerialNumber,
        ["notAfter"] = root.NotAfter.ToUniversalTime(),
        ["isRoot"] = true,
    };
}
