using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>A certificate and what its owner needs to issue further ones.</summary>
internal sealed record Issued(byte[] Raw, byte[] Name, TestKey Key)
{
    internal byte[] KeyId => SHA256.HashData(Key.Info)[..20];
}

/// <summary>A certificate field by field. Begins as a good one; a test changes what it is about. Signed for real unless said otherwise.</summary>
internal sealed record Recipe
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Null: signed with its own key.</summary>
    internal Issued? Issuer { get; init; }

    internal required byte[] Subject { get; init; }

    /// <summary>Null: the issuer's.</summary>
    internal byte[]? IssuerName { get; init; }

    internal TestKey Key { get; init; } = TestKey.P256();

    /// <summary>Null: the key's own.</summary>
    internal byte[]? KeyInfo { get; init; }

    internal byte[] Version { get; init; } = Der.Wrapped(0, Der.Int(2));

    internal byte[] Serial { get; init; } = Der.Int([0x11, .. RandomNumberGenerator.GetBytes(7)]);

    internal DateTimeOffset NotBefore { get; init; } = Now.AddDays(-10);

    internal DateTimeOffset NotAfter { get; init; } = Now.AddDays(10);

    /// <summary>Null: the two dates.</summary>
    internal byte[]? Validity { get; init; }

    internal byte[]? InnerAlgorithm { get; init; }

    internal byte[]? OuterAlgorithm { get; init; }

    internal IReadOnlyList<(string Oid, byte[] Encoded)> Extensions { get; init; } = [];

    /// <summary>Stands between public key and extensions.</summary>
    internal byte[] UniqueIds { get; init; } = [];

    internal Func<byte[], byte[]> ChangeSignature { get; init; } = s => s;

    internal Func<byte[], byte[]> ChangeSigned { get; init; } = s => s;

    internal Func<byte[], byte[]> ChangeWhole { get; init; } = s => s;

    internal static Recipe Authority(string cn, Issued? issuer = null) => new Recipe { Subject = Names.Cn(cn), Issuer = issuer }
        .With(Extension.BasicConstraints(true))
        .With(Extension.KeyUsage(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign));

    internal static Recipe Device(Issued issuer, string cn = "dev1") => new Recipe { Subject = Names.Cn(cn), Issuer = issuer }
        .With(Extension.KeyUsage(X509KeyUsageFlags.DigitalSignature))
        .With(Extension.ExtendedUsage(Extension.ClientAuth));

    internal Recipe With((string Oid, byte[] Encoded) extension) => Without(extension.Oid).And(extension);

    internal Recipe Without(string oid) => this with { Extensions = [.. Extensions.Where(e => e.Oid != oid)] };

    /// <summary>Adds beside one of the same kind.</summary>
    internal Recipe And((string Oid, byte[] Encoded) extension) => this with { Extensions = [.. Extensions, extension] };

    /// <summary>Subject and authority key identifiers as issuers write them.</summary>
    internal Recipe Identified()
    {
        var own = With(Extension.Raw(Extension.SubjectKeyId, Der.Octets(SHA256.HashData(Key.Info)[..20])));
        return Issuer is null ? own : own.With(Extension.Raw(Extension.AuthorityKeyId, Der.Seq(Der.Tagged(0, Issuer.KeyId))));
    }

    internal Issued Issue()
    {
        var signer = Issuer?.Key ?? Key;
        var algorithm = InnerAlgorithm ?? signer.Algorithm;
        var extensions = Extensions.Count == 0 ? [] : Der.Wrapped(3, Der.Seq(Extensions.Select(e => e.Encoded)));
        var signed = Der.Seq(
            Version,
            Serial,
            algorithm,
            IssuerName ?? Issuer?.Name ?? Subject,
            Validity ?? Der.Seq(Der.Time(NotBefore), Der.Time(NotAfter)),
            Subject,
            KeyInfo ?? Key.Info,
            UniqueIds,
            extensions);
        var signature = ChangeSignature(Der.Bits(signer.Sign(signed)));
        return new Issued(ChangeWhole(Der.Seq(ChangeSigned(signed), OuterAlgorithm ?? algorithm, signature)), Subject, Key);
    }
}
