namespace Gatehouse.Identity.Tests.X509;

/// <summary>Distinguished names and general names in DER.</summary>
internal static class Names
{
    internal const int Utf8 = 0x0C;
    internal const int Printable = 0x13;
    internal const int T61 = 0x14;
    internal const int Ia5 = 0x16;
    internal const int Universal = 0x1C;
    internal const int Bmp = 0x1E;

    internal static byte[] Empty { get; } = Der.Seq();

    internal static byte[] Cn(string text, int type = Utf8) => Name([Attribute("2.5.4.3", text, type)]);

    /// <summary>Each argument is one RDN.</summary>
    internal static byte[] Name(params IEnumerable<byte[][]> rdns) => Der.Seq(rdns.Select(r => Der.Set(r)));

    internal static byte[] Attribute(string oid, string text, int type = Utf8) => Der.Seq(Der.Oid(oid), Der.Text(type, text));

    internal static byte[][] CommonName(string text, int type = Utf8) => [Attribute("2.5.4.3", text, type)];

    internal static byte[][] Organization(string text) => [Attribute("2.5.4.10", text)];

    internal static byte[][] Email(string text) => [Attribute("1.2.840.113549.1.9.1", text, Ia5)];

    internal static byte[] Dns(string text) => Ascii(2, text);

    internal static byte[] Mail(string text) => Ascii(1, text);

    internal static byte[] Uri(string text) => Ascii(6, text);

    internal static byte[] Ip(params byte[] bytes) => Der.Tagged(7, bytes);

    internal static byte[] Directory(byte[] name) => Der.Wrapped(4, name);

    internal static byte[] Other() => Der.Wrapped(0, Der.Oid("1.3.6.1.4.1.311.20.2.3"), Der.Wrapped(0, Der.Text(Utf8, "someone")));

    internal static byte[] Registered() => Der.Tagged(8, Der.Oid("1.2.3.4")[2..]);

    private static byte[] Ascii(int tag, string text) => Der.Tagged(tag, System.Text.Encoding.Latin1.GetBytes(text));
}
