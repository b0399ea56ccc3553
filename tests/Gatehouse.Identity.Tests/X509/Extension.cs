using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>Extensions in DER.</summary>
internal static class Extension
{
    internal const string SubjectKeyId = "2.5.29.14";
    internal const string KeyUsageId = "2.5.29.15";
    internal const string AlternativeNameId = "2.5.29.17";
    internal const string BasicConstraintsId = "2.5.29.19";
    internal const string NameConstraintsId = "2.5.29.30";
    internal const string AuthorityKeyId = "2.5.29.35";
    internal const string ExtendedUsageId = "2.5.29.37";
    internal const string UnknownId = "1.3.6.1.4.1.99999.1";

    internal const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    internal const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    internal const string AnyUsage = "2.5.29.37.0";

    internal static (string Oid, byte[] Encoded) Raw(string oid, byte[] value, bool critical = false) =>
        (oid, critical ? Der.Seq(Der.Oid(oid), Der.Bool(true), Der.Octets(value)) : Der.Seq(Der.Oid(oid), Der.Octets(value)));

    internal static (string, byte[]) BasicConstraints(bool isAuthority, int? pathLength = null, bool critical = true)
    {
        var parts = new List<byte[]>();
        if (isAuthority)
        {
            parts.Add(Der.Bool(true));
        }

        if (pathLength is { } length)
        {
            parts.Add(Der.Int((byte)length));
        }

        return Raw(BasicConstraintsId, Der.Seq(parts), critical);
    }

    internal static (string, byte[]) KeyUsage(X509KeyUsageFlags usage)
    {
        // The platform's own extension knows how DER shortens bit strings.
        var extension = new X509KeyUsageExtension(usage, critical: true);
        return Raw(KeyUsageId, extension.RawData, critical: true);
    }

    internal static (string, byte[]) ExtendedUsage(params string[] oids) => Raw(ExtendedUsageId, Der.Seq(oids.Select(Der.Oid)));

    internal static (string, byte[]) AlternativeNames(params byte[][] names) => Raw(AlternativeNameId, Der.Seq(names));

    internal static (string, byte[]) Permitted(params byte[][] bases) => Constraints(bases, []);

    internal static (string, byte[]) Excluded(params byte[][] bases) => Constraints([], bases);

    internal static (string, byte[]) Constraints(byte[][] permitted, byte[][] excluded, bool critical = true)
    {
        var parts = new List<byte[]>();
        foreach (var (bases, number) in new[] { (permitted, 0), (excluded, 1) })
        {
            if (bases.Length > 0)
            {
                parts.Add(Der.Wrapped(number, bases.Select(b => Der.Seq(b))));
            }
        }

        return Raw(NameConstraintsId, Der.Seq(parts), critical);
    }
}
