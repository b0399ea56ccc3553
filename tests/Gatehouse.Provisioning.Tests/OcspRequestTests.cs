using System.Security.Cryptography;
using Gatehouse.Provisioning.CertificateStatus;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Questions of strangers: what is read, and what is refused before anything is done for it.</summary>
public sealed class OcspRequestTests : IDisposable
{
    private const string Serial = "40112233445566778899AABBCCDDEEFF";
    private const string Unknown = "1.2.3.4";

    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Fact]
    public void A_question_says_which_certificate_of_which_CA_is_meant()
    {
        using var other = new TestAuthority();
        foreach (var hash in new[] { HashAlgorithmName.SHA1, HashAlgorithmName.SHA256, HashAlgorithmName.SHA512 })
        {
            var request = Read(Ask(Serial, "01") with { Hash = hash, Nonce = [1, 2, 3] })!;

            Assert.Equal([Serial, "01"], request.Certificates.Select(each => each.Serial));
            Assert.Equal([1, 2, 3], request.Nonce);
            Assert.All(request.Certificates, each => Assert.True(each.IsOf(authority.Certificate)));

            // The same name, another key.
            Assert.All(request.Certificates, each => Assert.False(each.IsOf(other.Certificate)));
        }

        Assert.False(Read(Ask(Serial) with { OtherHash = "1.2.840.113549.2.5" })!.Certificates[0].IsOf(authority.Certificate));
    }

    [Fact]
    public void Who_asks_and_a_signature_are_read_over()
    {
        Assert.Equal(Serial, Read(Ask(Serial) with { IsSigned = true, Version = 0 })!.Certificates[0].Serial);
        Assert.Null(Read(Ask(Serial) with { Version = 1 }));
    }

    [Fact]
    public void As_many_certificates_may_be_asked_for_as_the_bound_and_no_more()
    {
        Assert.Null(Read(Ask()));
        Assert.Equal(OcspRequest.MaxCertificates, Read(Ask([.. Enumerable.Repeat(Serial, OcspRequest.MaxCertificates)]))!.Certificates.Count);
        Assert.Null(Read(Ask([.. Enumerable.Repeat(Serial, OcspRequest.MaxCertificates + 1)])));
    }

    [Fact]
    public void A_nonce_has_1_to_32_bytes_and_there_is_one_at_most()
    {
        Assert.Null(Read(Ask(Serial))!.Nonce);
        Assert.Null(Read(Ask(Serial) with { Nonce = [] }));
        Assert.Equal([7], Read(Ask(Serial) with { Nonce = [7] })!.Nonce);
        Assert.Equal(32, Read(Ask(Serial) with { Nonce = new byte[32] })!.Nonce!.Length);
        Assert.Null(Read(Ask(Serial) with { Nonce = new byte[33] }));
        Assert.Null(Read(Ask(Serial) with { Nonce = [1], Extensions = [(OcspRequest.NonceExtension, false, OcspQuestion.Octets([2]))] }));
        Assert.Null(Read(Ask(Serial) with { Extensions = [(OcspRequest.NonceExtension, false, [1, 2, 3])] }));
    }

    [Fact]
    public void An_extension_that_is_not_known_is_read_over_unless_it_must_be_heeded()
    {
        Assert.NotNull(Read(Ask(Serial) with { Extensions = [(Unknown, false, [5, 0])], SingleExtensions = [(Unknown, false, [5, 0])] }));
        Assert.NotNull(Read(Ask(Serial) with { Extensions = [("1.3.6.1.5.5.7.48.1.4", true, [0x30, 0])] }));
        Assert.Null(Read(Ask(Serial) with { Extensions = [(Unknown, true, [5, 0])] }));
        Assert.Null(Read(Ask(Serial) with { SingleExtensions = [(Unknown, true, [5, 0])] }));
    }

    [Fact]
    public void A_serial_number_has_20_octets_at_most_and_is_not_negative()
    {
        Assert.NotNull(Read(Ask(new string('7', 40))));
        Assert.Null(Read(Ask(new string('7', 42))));
        Assert.Null(Read(Ask("80")));
    }

    [Fact]
    public void What_is_cut_short_or_has_something_after_it_or_is_too_large_is_refused()
    {
        var good = (Ask(Serial) with { Nonce = [1, 2, 3], IsSigned = true }).Build();
        for (var length = 0; length < good.Length; length++)
        {
            Assert.False(OcspRequest.TryRead(good.AsMemory(0, length), out _), $"{length} bytes");
        }

        Assert.True(OcspRequest.TryRead(good, out _));
        Assert.False(OcspRequest.TryRead((byte[])[.. good, 0], out _));
        Assert.Null(Read(Ask(Serial) with { Extensions = [(Unknown, false, new byte[OcspRequest.MaxBytes])] }));
    }

    private OcspQuestion Ask(params string[] serials) => new(authority.Certificate, serials);

    private static OcspRequest? Read(OcspQuestion question) => OcspRequest.TryRead(question.Build(), out var request) ? request : null;
}
