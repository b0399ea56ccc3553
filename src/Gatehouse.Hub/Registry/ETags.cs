using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Hub.Registry;

/// <summary>ETags of identities: base64 of a decimal counter, as the service writes them.</summary>
internal static class ETags
{
    /// <summary>Where a new identity starts: anywhere, so that a tag of a deleted namesake does not match.</summary>
    internal static long First() => RandomNumberGenerator.GetInt32(1, int.MaxValue);

    internal static string Format(long counter) => Convert.ToBase64String(Encoding.ASCII.GetBytes(counter.ToString(CultureInfo.InvariantCulture)));
}
