using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The revocation lists that the CAs of credential policies sign, and those CAs, for whoever asks. Source: RFC 5280 §5.</summary>
/// <remarks>
/// Who asks is a stranger: a list is signed once and kept in the store, until something else is revoked, the policy changes or half of its life is over.
/// What was looked at a moment ago is not looked at again, and at most one look at the store is under way at a time, whatever is asked for.
/// </remarks>
internal sealed class PublishedLists(Database database, IssuingAuthorities authorities, TimeProvider time, ILogger<PublishedLists> log) : IDisposable
{
    /// <summary>From thisUpdate to nextUpdate.</summary>
    internal static readonly TimeSpan Life = TimeSpan.FromDays(1);

    /// <summary>How long a revocation takes at most to be in what is given out.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>How long a CA whose key could not be used is left alone, lest strangers keep its key store busy.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(HubName Service, string Policy), Published> known = new();
    private readonly ConcurrentDictionary<(HubName Service, string Policy), long> failed = new();
    private readonly SemaphoreSlim turn = new(1);

    public void Dispose() => turn.Dispose();

    /// <summary>Null without such a policy. IssuerUnavailable while the CA's key cannot be used and the list that there is has become too old to go on with.</summary>
    internal async Task<Result<Published?>> FindAsync(HubName service, string policy, CancellationToken cancellationToken)
    {
        var name = (service, policy.ToLowerInvariant());
        if (Fresh(name) is { } fresh)
        {
            return fresh;
        }

        await turn.WaitAsync(cancellationToken);
        try
        {
            return Fresh(name) ?? await LookAsync(name, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    private Published? Fresh((HubName Service, string Policy) name) => known.TryGetValue(name, out var published) && time.GetElapsedTime(published.Looked) < Freshness ? published : null;

    private async Task<Result<Published?>> LookAsync((HubName Service, string Policy) name, CancellationToken cancellationToken)
    {
        var looked = time.GetTimestamp();
        if (await database.ReadAsync((connection, token) => CredentialPolicyRows.FindAsync(connection, name.Service, name.Policy, token), cancellationToken) is not { } policy)
        {
            known.TryRemove(name, out _);
            return default(Published);
        }

        var former = await database.ReadAsync((connection, token) => FormerAuthorityRows.ReadAsync(connection, name.Service, policy.Id, token), cancellationToken);
        var certificate = Convert.FromBase64String(policy.Certificate);
        using var authority = X509CertificateLoader.LoadCertificate(certificate);
        var list = MaySign(authority) ? await ListAsync(name.Service, policy, cancellationToken) : Result<byte[]?>.Of(null);
        if (!list.IsOk)
        {
            return list.Error;
        }

        var published = new Published(PublishedAddresses.MarkOf(authority), certificate, list.Value, former, looked);
        known[name] = published;
        return published;
    }

    private async Task<Result<byte[]?>> ListAsync(HubName service, CredentialPolicyRow policy, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var thumbprint = Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(policy.Certificate)));

        // One that has ended stays for two lives of a list: RFC 5280 §3.3 wants it on one that is later than its end.
        var (present, revoked) = await database.ReadAsync(
            async (connection, token) => (
                await SignedRevocationListRows.FindAsync(connection, service, policy.Id, token),
                await SignedRevocationListRows.RevokedAsync(connection, service, policy.Id, thumbprint, (now - (2 * Life)).UtcTicks, token)),
            cancellationToken);
        var content = ContentOf(thumbprint, revoked);
        var age = TimeSpan.FromTicks(now.UtcTicks - (present?.Signed ?? 0));
        if (present is not null && present.Content == content && age < Life / 2 && age > -Life / 2)
        {
            return Convert.FromBase64String(present.List);
        }

        var number = (present?.Number ?? 0) + 1;
        var signed = await SignAsync((service, policy.Id), policy, authority => Sign(authority, number, revoked, now), cancellationToken);
        if (!signed.IsOk)
        {
            // What says the same and is good yet goes on while a key store is away; what says less does not.
            return present is not null && present.Content == content && age < Life && age >= TimeSpan.Zero ? Convert.FromBase64String(present.List) : signed.Error;
        }

        var row = new SignedRevocationListRow { Service = service.Value, PolicyId = policy.Id, Number = number, Content = content, List = Convert.ToBase64String(signed.Value), Signed = now.UtcTicks };
        var isSaved = await database.WriteAsync<bool>(async (transaction, token) => await SignedRevocationListRows.SaveAsync(transaction, row, token), cancellationToken);
        if (isSaved is { IsOk: true, Value: true })
        {
            log.RevocationListSigned(policy.Name, number, revoked.Count);
            return signed.Value;
        }

        // Another node was first: its number is the one that is given out.
        return await database.ReadAsync((connection, token) => SignedRevocationListRows.FindAsync(connection, service, policy.Id, token), cancellationToken) is { } winner ? Convert.FromBase64String(winner.List) : ProvisioningErrors.IssuerUnavailable;
    }

    private async Task<Result<byte[]>> SignAsync((HubName Service, string Policy) name, CredentialPolicyRow policy, Func<IssuingAuthority, byte[]> sign, CancellationToken cancellationToken)
    {
        if (failed.TryGetValue(name, out var since) && time.GetElapsedTime(since) < Pause)
        {
            return ProvisioningErrors.IssuerUnavailable;
        }

        var signed = await authorities.UseAsync(policy, authority => Result<byte[]>.Of(sign(authority)), cancellationToken);
        if (signed.IsOk)
        {
            failed.TryRemove(name, out _);
        }
        else
        {
            failed[name] = time.GetTimestamp();
        }

        return signed;
    }

    private static byte[] Sign(IssuingAuthority authority, long number, IReadOnlyList<RevokedCertificateRow> revoked, DateTimeOffset now)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var row in revoked)
        {
            builder.AddEntry(Convert.FromHexString(row.Serial), new DateTimeOffset(row.Revoked, TimeSpan.Zero), RevocationReason.Of(row.Reason));
        }

        return builder.Build(authority.Certificate.SubjectName, authority.Generator, number, now + Life, authority.Hash, DeviceCertificate.KeyIdentifierOf(authority.Certificate), now);
    }

    private static string ContentOf(string authority, IReadOnlyList<RevokedCertificateRow> revoked)
    {
        var text = new StringBuilder(authority);
        foreach (var row in revoked)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{row.Serial} {row.Revoked} {row.Reason}");
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // RFC 5280 §4.2.1.3: a CA whose certificate says what its key is for must say so of lists; clients refuse them else.
    internal static bool MaySign(X509Certificate2 authority) => authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage || usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign);
}

/// <summary>What is given out of a policy.</summary>
/// <param name="Authority">Mark of its CA, as addresses have it.</param>
/// <param name="Certificate">Of its CA; DER.</param>
/// <param name="List">DER; null where the CA's certificate does not let it sign lists.</param>
/// <param name="Former">Certificates of the CAs that it had before, by their marks; DER.</param>
/// <param name="Looked">When the store was last looked at, a timestamp.</param>
internal sealed record Published(string Authority, byte[] Certificate, byte[]? List, IReadOnlyDictionary<string, byte[]> Former, long Looked)
{
    /// <summary>Null where the CA may sign none, and for one that it no longer is.</summary>
    internal byte[]? ListOf(string? mark) => mark is null || mark == Authority ? List : null;

    /// <summary>Null for one that it never was, or that has ended.</summary>
    internal byte[]? CertificateOf(string? mark) => mark is null || mark == Authority ? Certificate : Former.GetValueOrDefault(mark);
}
