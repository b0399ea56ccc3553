using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Bench.Registrations;

/// <summary>Devices of one kind of attestation.</summary>
internal abstract class Fleet
{
    /// <summary>Whether a device registers anew with each connection: of a TPM there are only as many as have been made.</summary>
    internal virtual bool IsReused => false;

    /// <summary>What TLS of this device shows; null for nothing.</summary>
    internal virtual SslStreamCertificateContext? CertificateOf(int device) => null;

    internal abstract string IdOf(int device);

    /// <summary>Asks for its registration: what comes back with 202 or 429, and what it goes on authenticating with.</summary>
    internal abstract Task<(Answer Answer, string? Authorization)> RegisterAsync(Service service, HttpsConnection connection, int device);

    /// <summary>Ids of one run differ from those of another.</summary>
    private protected static string Prefix() => RandomNumberGenerator.GetHexString(6, lowercase: true);
}

/// <summary>A group with a symmetric key; each device derives its own.</summary>
internal sealed class KeyFleet(byte[] groupKey) : Fleet
{
    private readonly string prefix = Prefix();

    internal static async Task<KeyFleet> EnrollAsync(Service service)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        await service.PutAsync("/enrollmentGroups/keys", new
        {
            enrollmentGroupId = "keys",
            attestation = new { type = "symmetricKey", symmetricKey = new { primaryKey = Convert.ToBase64String(key), secondaryKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) } },
        });
        return new KeyFleet(key);
    }

    internal override string IdOf(int device) => $"key-{prefix}-{device}";

    internal override async Task<(Answer Answer, string? Authorization)> RegisterAsync(Service service, HttpsConnection connection, int device)
    {
        var id = IdOf(device);
        var token = service.DeviceToken(id, HMACSHA256.HashData(groupKey, Encoding.UTF8.GetBytes(id)));
        return (await connection.SendAsync("PUT", service.RegisterPath(id), token, JsonSerializer.Serialize(new { registrationId = id })), token);
    }
}

/// <summary>A group with a CA that issued the certificate of each device, P-256. They share one key: what is computed with it is the same.</summary>
internal sealed class CertificateFleet(X509Certificate2 authority) : Fleet
{
    private readonly string prefix = Prefix();
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal static async Task<CertificateFleet> EnrollAsync(Service service)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=devices of the bench", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        await service.PutAsync("/enrollmentGroups/certificates", new
        {
            enrollmentGroupId = "certificates",
            attestation = new { type = "x509", x509 = new { signingCertificates = new { primary = new { certificate = Convert.ToBase64String(authority.RawData) } } } },
        });
        return new CertificateFleet(authority);
    }

    internal override string IdOf(int device) => $"x509-{prefix}-{device}";

    internal override SslStreamCertificateContext CertificateOf(int device)
    {
        var request = new CertificateRequest($"CN={IdOf(device)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var leaf = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7), RandomNumberGenerator.GetBytes(12));
        return SslStreamCertificateContext.Create(leaf.CopyWithPrivateKey(key), additionalCertificates: null, offline: true);
    }

    internal override async Task<(Answer Answer, string? Authorization)> RegisterAsync(Service service, HttpsConnection connection, int device) =>
        (await connection.SendAsync("PUT", service.RegisterPath(IdOf(device)), null, JsonSerializer.Serialize(new { registrationId = IdOf(device) })), null);
}

/// <summary>Individual enrollments, each of a TPM with an RSA-2048 endorsement key, as they leave factories.</summary>
internal sealed class TpmFleet(IReadOnlyList<SoftTpm> tpms) : Fleet
{
    internal override bool IsReused => true;

    internal static async Task<TpmFleet> EnrollAsync(Service service, int count)
    {
        var tpms = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(SoftTpm.Make)));
        for (var i = 0; i < count; i++)
        {
            await service.PutAsync($"/enrollments/tpm-{i}", new { registrationId = $"tpm-{i}", attestation = new { type = "tpm", tpm = new { endorsementKey = tpms[i].EndorsementKey } } });
        }

        return new TpmFleet(tpms);
    }

    internal override string IdOf(int device) => $"tpm-{device}";

    internal override async Task<(Answer Answer, string? Authorization)> RegisterAsync(Service service, HttpsConnection connection, int device)
    {
        var (id, tpm) = (IdOf(device), tpms[device]);
        var body = JsonSerializer.Serialize(new { registrationId = id, tpm = new { endorsementKey = tpm.EndorsementKey, storageRootKey = tpm.StorageRootKey } });
        var challenge = await connection.SendAsync("PUT", service.RegisterPath(id), null, body);
        if (challenge.Status != 401 || !challenge.Body.Contains("authenticationKey", StringComparison.Ordinal))
        {
            return (challenge, null);
        }

        using var answer = JsonDocument.Parse(challenge.Body);
        var token = service.DeviceToken(id, tpm.Open(answer.RootElement.GetProperty("authenticationKey").GetBytesFromBase64()));
        return (await connection.SendAsync("PUT", service.RegisterPath(id), token, body), token);
    }
}
