using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Certificates;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.Revoking;

/// <summary>Makes an entry of what an operator sent. Says what is wrong with it.</summary>
internal sealed class RevocationInput(int maxCertificateBytes, int maxNoteLength)
{
    // The public area of an RSA-4096 key takes 600 bytes.
    private const int MaxEndorsementKeyLength = 4_096;

    /// <param name="request">What was sent; <see cref="RevocationRequest.CaName"/> has been looked up.</param>
    /// <param name="actor">Who.</param>
    /// <param name="now">When.</param>
    internal Result<RevocationSubject> Read(RevocationRequest request, string actor, DateTimeOffset now)
    {
        if (!Revocation.TryReadWord<RevocationKind>(request.Kind, out var kind))
        {
            return HubErrors.ArgumentInvalid.With("kind must be certificate, key, issuer or tpm.");
        }

        var reason = RevocationReason.Unspecified;
        if (request.Reason is not null && !Revocation.TryReadWord(request.Reason, out reason))
        {
            return HubErrors.ArgumentInvalid.With($"reason must be one of {string.Join(", ", Enum.GetValues<RevocationReason>().Select(Revocation.WordOf))}.");
        }

        if (request.Note?.Length > maxNoteLength)
        {
            return HubErrors.ArgumentInvalid.With($"note may have {maxNoteLength} characters.");
        }

        var named = kind switch
        {
            RevocationKind.Certificate => ReadCertificate(request),
            RevocationKind.Key => ReadKey(request),
            RevocationKind.Issuer => ReadIssuer(request),
            _ => ReadTpm(request),
        };
        return !named.IsOk ? named.Error : named.Value with
        {
            Entry = named.Value.Entry with { Reason = reason, Note = string.IsNullOrWhiteSpace(request.Note) ? null : request.Note, Actor = actor, Time = now },
        };
    }

    private Result<RevocationSubject> ReadCertificate(RevocationRequest request)
    {
        if (request is { Certificate: null, Thumbprint: not null, SerialNumber: null })
        {
            return CertificateMark.TryParse(request.Thumbprint, out var mark)
                ? new RevocationSubject(Blank(mark, RevocationKind.Certificate)) { Thumbprints = [mark.ToString()] }
                : HubErrors.ArgumentInvalid.With("thumbprint must be a SHA-256, 64 hexadecimal digits.");
        }

        if (request is { Certificate: null, Thumbprint: null, IssuerCertificate: not null, SerialNumber: not null })
        {
            return ReadSerialNumber(request.IssuerCertificate, request.SerialNumber);
        }

        if (request is not { Certificate: not null, Thumbprint: null, SerialNumber: null })
        {
            return HubErrors.ArgumentInvalid.With("Name the certificate in one way: certificate, or thumbprint, or issuerCertificate with serialNumber.");
        }

        var read = Read(request.Certificate);
        if (!read.IsOk)
        {
            return read.Error;
        }

#pragma warning disable CA5350 // Identities may be registered by SHA-1 thumbprints; that is part of the service's contract.
        var sha1 = Convert.ToHexString(SHA1.HashData(read.Value.Der));
#pragma warning restore CA5350
        return new RevocationSubject(Described(read.Value.Outline, read.Value.Outline.Thumbprint, RevocationKind.Certificate)) { Thumbprints = [read.Value.Outline.Thumbprint.ToString(), sha1] };
    }

    private Result<RevocationSubject> ReadSerialNumber(string issuer, string serialNumber)
    {
        var read = Read(issuer);
        return !read.IsOk ? read.Error
            : !read.Value.Outline.TryMarkIssued(serialNumber, out var serial, out var mark) ? HubErrors.ArgumentInvalid.With("serialNumber must be hexadecimal.")
            : new RevocationSubject(Blank(mark, RevocationKind.Certificate) with { Issuer = read.Value.Outline.SubjectText, SerialNumber = serial });
    }

    private Result<RevocationSubject> ReadKey(RevocationRequest request)
    {
        if (request is { PublicKey: not null, Certificate: null })
        {
            return CertificateMark.TryParse(request.PublicKey, out var mark)
                ? new RevocationSubject(Blank(mark, RevocationKind.Key))
                : HubErrors.ArgumentInvalid.With("publicKey must be the SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits.");
        }

        if (request is not { PublicKey: null, Certificate: not null })
        {
            return HubErrors.ArgumentInvalid.With("Name the key in one way: publicKey, or a certificate that it stands in.");
        }

        var read = Read(request.Certificate);
        return read.IsOk ? new RevocationSubject(Described(read.Value.Outline, read.Value.Outline.Key, RevocationKind.Key)) : read.Error;
    }

    private Result<RevocationSubject> ReadIssuer(RevocationRequest request)
    {
        if (request.Certificate is null)
        {
            return HubErrors.ArgumentInvalid.With("Name the issuer by its own certificate, or by caName, the name of a CA certificate of the hub.");
        }

        var read = Read(request.Certificate);
        if (!read.IsOk)
        {
            return read.Error;
        }

        // What it signed is found by verifying with its key, so it must be one that paths can be judged by.
        return AuthorityCertificate.TryRead(read.Value.Der, out _, out var fault)
            ? new RevocationSubject(Described(read.Value.Outline, read.Value.Outline.Key, RevocationKind.Issuer) with { Authority = read.Value.Der, AuthorityName = read.Value.Outline.SubjectName })
            : HubErrors.ArgumentInvalid.With($"The certificate is not that of an issuer: {fault}.");
    }

    private static Result<RevocationSubject> ReadTpm(RevocationRequest request)
    {
        var bytes = new byte[MaxEndorsementKeyLength];
        return request.EndorsementKey is { Length: > 0 and <= MaxEndorsementKeyLength } key && Convert.TryFromBase64String(key, bytes, out var length) && length > 0
            ? new RevocationSubject(Blank(CertificateMark.Of(bytes.AsSpan(0, length)), RevocationKind.Tpm))
            : HubErrors.ArgumentInvalid.With("endorsementKey must be the public area of the TPM's endorsement key in base64, as its enrollment has it.");
    }

    private Result<(byte[] Der, CertificateOutline Outline)> Read(string certificate)
    {
        var der = CertificateText.Read(certificate, maxCertificateBytes);
        return !der.IsOk ? der.Error
            : CertificateOutline.TryRead(der.Value, out var outline) ? (der.Value, outline)
            : HubErrors.ArgumentInvalid.With("The certificate cannot be read.");
    }

    private static Revocation Described(CertificateOutline outline, CertificateMark mark, RevocationKind kind) =>
        Blank(mark, kind) with { Subject = outline.SubjectText, Issuer = outline.IssuerText, SerialNumber = outline.SerialNumber };

    private static Revocation Blank(CertificateMark mark, RevocationKind kind) =>
        new() { Mark = mark, Kind = kind, Reason = RevocationReason.Unspecified, Time = default, Actor = "" };
}

/// <param name="Entry">What goes on the list.</param>
internal sealed record RevocationSubject(Revocation Entry)
{
    /// <summary>Under which identities may be registered with it, in capitals.</summary>
    internal string[] Thumbprints { get; init; } = [];
}
