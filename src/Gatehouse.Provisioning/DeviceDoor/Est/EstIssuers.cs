using System.Collections.Concurrent;
using System.Formats.Asn1;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.DeviceDoor.Est;

/// <summary>What a service tells everybody of its CAs. Read from the store once in a second at most: who asks has proved nothing.</summary>
internal sealed class EstIssuers(Database database, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<HubName, (long Read, IReadOnlyList<CredentialPolicyRow> Policies)> known = new();

    /// <summary>The CAs of its credential policies, each once; base64 of DER.</summary>
    internal async ValueTask<IReadOnlyList<string>> CertificatesAsync(HubName service, CancellationToken cancellationToken) =>
        [.. (await PoliciesAsync(service, cancellationToken)).Select(policy => policy.Certificate).Distinct(StringComparer.Ordinal)];

    /// <summary>Which key to make, where all policies of the service agree on it: CsrAttrs, RFC 7030 §4.5.2 and RFC 8951 §3.3. Null where nothing can be said.</summary>
    internal async ValueTask<byte[]?> AttributesAsync(HubName service, CancellationToken cancellationToken)
    {
        var curves = (await PoliciesAsync(service, cancellationToken)).Select(policy => CurveOf(policy.PermittedKeyTypes)).Distinct(StringComparer.Ordinal).ToList();
        if (curves is not [{ } curve])
        {
            return null;
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.10045.2.1"); // id-ecPublicKey
            using (writer.PushSetOf())
            {
                writer.WriteObjectIdentifier(curve);
            }
        }

        return writer.Encode();
    }

    private async ValueTask<IReadOnlyList<CredentialPolicyRow>> PoliciesAsync(HubName service, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(service, out var entry) && time.GetElapsedTime(entry.Read) < Life)
        {
            return entry.Policies;
        }

        var read = (time.GetTimestamp(), await database.ReadAsync((connection, token) => CredentialPolicyRows.ListAsync(connection, service, token), cancellationToken));
        known[service] = read;
        return read.Item2;
    }

    private static string? CurveOf(IReadOnlyList<string> keyTypes) => keyTypes[0] switch
    {
        "ec-p256" => "1.2.840.10045.3.1.7",
        "ec-p384" => "1.3.132.0.34",
        "ec-p521" => "1.3.132.0.35",
        _ => null,
    };
}
