using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Signals;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>Connections whose proof is their client certificate: it serves one identity.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly PeerWorld world = new();
    private readonly List<IDisposable> made = [];

    [Fact]
    public async Task A_certificate_is_the_device_whose_thumbprint_is_registered_until_it_is_taken_off()
    {
        var certificate = SelfSigned("whatever");
        AddByThumbprint("x1", certificate);
        using var proofs = world.Open(certificate);
        Assert.False(proofs.IsAny);

        var grant = (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("x1"), TestContext.Current.CancellationToken)).Value;

        Assert.Equal(AuthenticationMethod.X509Thumbprint, grant.Principal.Method);
        Assert.True(proofs.IsAny);
        Assert.Same(grant, (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("x1"), TestContext.Current.CancellationToken)).Value);
        using var ends = new Ends(grant);
        AddByThumbprint("x1", SelfSigned("another"));
        world.Signal(SignalSubjects.IdentityChanged, "x1");
        Assert.Equal(1, ends.Count);
        Assert.Equal(RefusalReason.ThumbprintMismatch, world.LastReason);
        Assert.False(proofs.IsAny);
    }

    [Fact]
    public async Task One_certificate_serves_one_identity_even_if_it_is_registered_for_two()
    {
        var certificate = SelfSigned("shared");
        AddByThumbprint("x1", certificate);
        AddByThumbprint("x1/m", certificate);
        using var proofs = world.Open(certificate);
        Assert.Null(await PeerWorld.ActAsync(proofs, "x1"));

        Assert.NotNull(await PeerWorld.ActAsync(proofs, "x1/m"));

        Assert.Equal((RefusalReason.CertificateNameMismatch, "x1/m"), (world.LastReason, world.Refusals[^1].Claimed));
        using var other = world.Open(certificate);
        Assert.Null(await PeerWorld.ActAsync(other, "x1/m"));
        Assert.NotNull(await PeerWorld.ActAsync(other, "x1"));
    }

    [Fact]
    public async Task A_certificate_of_a_verified_CA_is_the_device_that_it_names_until_the_CA_is_removed()
    {
        using var authority = Authority();
        world.Credentials.Anchors = new TrustAnchors([authority]);
        world.Credentials.AddDevice("ca1", CredentialKind.CertificateAuthority);
        world.Credentials.AddDevice("ca2", CredentialKind.CertificateAuthority);
        using var proofs = world.Open(Signed("ca1", authority));
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "ca2"));
        Assert.Equal(RefusalReason.CertificateNameMismatch, world.LastReason);
        using var ends = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("ca1"), TestContext.Current.CancellationToken)).Value);
        world.Signal(SignalSubjects.CertificatesChanged, "");
        Assert.Equal(0, ends.Count);

        world.Credentials.Anchors = new TrustAnchors([]);
        world.Signal(SignalSubjects.CertificatesChanged, "");

        Assert.Equal(1, ends.Count);
        Assert.Equal(RefusalReason.CertificateNotTrusted, world.LastReason);
    }

    [Fact]
    public async Task A_revoked_certificate_ends_what_hangs_on_it_and_nothing_else()
    {
        using var authority = Authority();
        world.Credentials.Anchors = new TrustAnchors([authority]);
        world.Credentials.AddDevice("ca1", CredentialKind.CertificateAuthority);
        world.Credentials.AddDevice("ca2", CredentialKind.CertificateAuthority);
        var (lost, kept) = (Signed("ca1", authority), Signed("ca2", authority));
        using var first = world.Open(lost);
        using var second = world.Open(kept);
        using var ends = new Ends((await first.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("ca1"), TestContext.Current.CancellationToken)).Value);
        using var others = new Ends((await second.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("ca2"), TestContext.Current.CancellationToken)).Value);

        Assert.Equal(1, world.Revocations.Revoke(MemoryRevocations.Entry(MemoryRevocations.Outline(lost.Leaf.RawData).Thumbprint, RevocationKind.Certificate)));

        Assert.Equal((1, 0), (ends.Count, others.Count));
        Assert.Equal((RefusalReason.CertificateRevoked, "ca1"), (world.LastReason, world.Refusals[^1].Claimed));
        Assert.NotNull(await PeerWorld.ActAsync(first, "ca1"));
        using var again = world.Open(lost);
        Assert.NotNull(await PeerWorld.ActAsync(again, "ca1"));
        Assert.Null(await PeerWorld.ActAsync(second, "ca2"));

        Assert.Equal(1, world.Revocations.Revoke(MemoryRevocations.Issuer(authority.RawData)));
        Assert.Equal(1, others.Count);
    }

    [Fact]
    public async Task A_connection_that_stands_on_another_path_since_a_CA_was_removed_is_found_by_the_new_one()
    {
        using var old = Authority();
        using var fresh = Renewed(old);
        world.Credentials.Anchors = new TrustAnchors([old]);
        world.Credentials.AddDevice("ca1", CredentialKind.CertificateAuthority);
        using var proofs = world.Open(Signed("ca1", old));
        using var ends = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("ca1"), TestContext.Current.CancellationToken)).Value);
        world.Credentials.Anchors = new TrustAnchors([fresh]);
        world.Signal(SignalSubjects.CertificatesChanged, "");
        Assert.Equal(0, ends.Count);

        Assert.Equal(0, world.Revocations.Revoke(MemoryRevocations.Entry(MemoryRevocations.Outline(old.RawData).Thumbprint, RevocationKind.Certificate)));
        Assert.Equal(0, ends.Count);
        Assert.Equal(1, world.Revocations.Revoke(MemoryRevocations.Entry(MemoryRevocations.Outline(fresh.RawData).Thumbprint, RevocationKind.Certificate)));

        Assert.Equal(1, ends.Count);
    }

    [Fact]
    public async Task A_certificate_does_not_open_a_device_with_keys_and_a_token_beside_it_does()
    {
        var certificate = SelfSigned("whatever");
        AddByThumbprint("x1", certificate);
        using var proofs = world.Open(certificate);

        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Equal(RefusalReason.CredentialMissing, world.LastReason);
        await world.PutPolicyAsync(proofs, "device");

        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Null(await PeerWorld.ActAsync(proofs, "x1"));
    }

    public void Dispose()
    {
        world.Dispose();
        made.ForEach(each => each.Dispose());
    }

    private void AddByThumbprint(string id, PeerCertificate certificate) =>
        world.Credentials.AddDevice(id, CredentialKind.SelfSigned, d => d with { PrimaryThumbprint = certificate.Leaf.GetCertHashString(HashAlgorithmName.SHA256) });

    private PeerCertificate SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        return Keep(request.CreateSelfSigned(world.Time.GetUtcNow().AddDays(-1), world.Time.GetUtcNow().AddDays(30)));
    }

    private X509Certificate2 Authority()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        made.Add(key);
        var request = new CertificateRequest("CN=Test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(world.Time.GetUtcNow().AddDays(-2), world.Time.GetUtcNow().AddDays(60));
    }

    // The same key and name with other dates, as a CA renews itself.
    private X509Certificate2 Renewed(X509Certificate2 authority)
    {
        using var key = authority.GetECDsaPrivateKey()!;
        var request = new CertificateRequest(authority.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in authority.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.CreateSelfSigned(world.Time.GetUtcNow().AddDays(-1), world.Time.GetUtcNow().AddDays(90));
    }

    private PeerCertificate Signed(string name, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        return Keep(request.Create(authority, world.Time.GetUtcNow().AddDays(-1), world.Time.GetUtcNow().AddDays(30), [1, 2, 3, 4]));
    }

    private PeerCertificate Keep(X509Certificate2 leaf)
    {
        var certificate = new PeerCertificate(leaf, []);
        made.Add(certificate);
        return certificate;
    }
}
