using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>Answers whether certificates of a policy's CA are good, as the inventory has it at that moment. Source: RFC 6960, and RFC 5019 for answers that may be kept.</summary>
/// <remarks>
/// The inventory is read for each question, so that a revocation counts at once, whichever node committed it; what was signed before is given again only when it says the same.
/// A serial number that is not in the inventory is unknown: an operator's CA may have signed elsewhere, and what ended long ago is forgotten.
/// </remarks>
internal sealed class CertificateStatuses(Database database, StatusResponders responders, OcspRates rates, ProvisioningMetrics metrics, TimeProvider time)
{
    /// <summary>How long an answer may be relied on: whoever holds back a newer one gains no more.</summary>
    internal static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>How long caches may give out one that they have.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    // A responder that was closed between finding and signing is found anew.
    private const int Tries = 3;

    private readonly KeptAnswers kept = new();

    /// <summary>Null without such a policy.</summary>
    /// <param name="service">Of the policy.</param>
    /// <param name="policy">Its name.</param>
    /// <param name="mark">The CA that it must have (see <see cref="PublishedAddresses"/>); null for whichever it has.</param>
    /// <param name="question">OCSPRequest, DER.</param>
    /// <param name="peer">Who asks.</param>
    /// <param name="cancellationToken">Ends the read and the wait.</param>
    internal async Task<OcspAnswer?> AnswerAsync(HubName service, string policy, string? mark, ReadOnlyMemory<byte> question, IPAddress? peer, CancellationToken cancellationToken)
    {
        if (!OcspRequest.TryRead(question, out var request))
        {
            return Told("malformed", OcspAnswer.Malformed);
        }

        if (!rates.TryTake(peer))
        {
            return Told("busy", OcspAnswer.TryLater);
        }

        var (row, found) = await ReadAsync(service, policy, request, cancellationToken);
        if (row is null)
        {
            responders.Forget(service.Value, policy.ToLowerInvariant());
            return null;
        }

        using var authority = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(row.Certificate));
        return (mark is not null && mark != PublishedAddresses.MarkOf(authority)) || request.Certificates.Any(certificate => !certificate.IsOf(authority))
            ? Told("unauthorized", OcspAnswer.Unauthorized)
            : await SignAsync(row, request, found, cancellationToken);
    }

    private Task<(CredentialPolicyRow? Policy, IReadOnlyList<RevokedCertificateRow> Found)> ReadAsync(HubName service, string policy, OcspRequest request, CancellationToken cancellationToken)
    {
        string[] serials = [.. request.Certificates.Select(certificate => certificate.Serial).Distinct()];
        return database.ReadAsync<(CredentialPolicyRow?, IReadOnlyList<RevokedCertificateRow>)>(
            async (connection, token) => await CredentialPolicyRows.FindAsync(connection, service, policy, token) is { } row
                ? (row, await SignedRevocationListRows.StatusesAsync(connection, database.Dialect, service, row.Id, Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(row.Certificate))), serials, token))
                : (null, []),
            cancellationToken);
    }

    private async Task<OcspAnswer> SignAsync(CredentialPolicyRow policy, OcspRequest request, IReadOnlyList<RevokedCertificateRow> found, CancellationToken cancellationToken)
    {
        var statuses = request.Certificates.Select(certificate => found.FirstOrDefault(row => row.Serial == certificate.Serial)).ToList();
        var now = time.GetUtcNow();
        for (var i = 0; i < Tries; i++)
        {
            var responder = await responders.FindAsync(policy, cancellationToken);
            if (!responder.IsOk)
            {
                break;
            }

            // Of one certificate that there is, without a nonce: what many ask for.
            var isKept = request is { Nonce: null, Certificates.Count: 1 } && statuses[0] is not null;
            if (isKept && kept.Find(request.Certificates[0], statuses[0]!, responder.Value, now) is { } before)
            {
                return Told("kept", before);
            }

            var end = now + Life < responder.Value.NotAfter ? now + Life : responder.Value.NotAfter;
            if (OcspAnswer.Sign(request, statuses, responder.Value, now, end) is not { } signed)
            {
                continue;
            }

            if (isKept)
            {
                kept.Set(request.Certificates[0], statuses[0]!, responder.Value, signed);
            }

            return Told("signed", signed);
        }

        return Told("unavailable", OcspAnswer.TryLater);
    }

    private OcspAnswer Told(string outcome, OcspAnswer answer)
    {
        metrics.StatusAnswered(outcome);
        return answer;
    }
}
