using System.Text;

namespace Gatehouse.Identity.X509;

/// <summary>The one common name by which a CA-signed certificate names its device.</summary>
/// <remarks>Exactly one, as DirectoryString; alternative names are not consulted, as in the service. Source: IoT Hub "Authenticate with X.509 CA certificates" page.</remarks>
internal static class CommonName
{
    /// <summary>Whether the certificate names <paramref name="wanted"/>; ordinal (registration ids: but for case), so that an embedded NUL never matches.</summary>
    internal static bool Is(DistinguishedName subject, string wanted, out string fault, bool ignoresCase = false)
    {
        var names = subject.Attributes.Where(a => a.Oid == Oids.CommonName).ToList();
        fault = names.Count != 1 ? $"It has {names.Count} common names; exactly one must name the identity."
            : !names[0].IsDirectoryString || names[0].Text is null ? "Its common name is not a text of an accepted type."
            : !(ignoresCase ? Ascii.EqualsIgnoreCase(names[0].Text, wanted) : names[0].Text == wanted) ? $"Its common name is {Refuse.Quote(names[0].Text)}, and '{wanted}' connects with it."
            : "";
        return fault.Length == 0;
    }
}
