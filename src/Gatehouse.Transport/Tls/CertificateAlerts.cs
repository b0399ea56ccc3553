namespace Gatehouse.Transport.Tls;

/// <summary>The alerts by which peers refuse a certificate (RFC 8446 §6.2), found in what OpenSSL says of a failed handshake; .NET hands on its words only.</summary>
internal static class CertificateAlerts
{
    /// <summary>The last is none: the connection was lost after the certificate was shown. A client that closes at once with bytes of ours unread resets the connection, and its alert may never be read.</summary>
    public static readonly string[] Names = ["unknown_ca", "bad_certificate", "certificate_expired", "certificate_unknown", "certificate_revoked", "unsupported_certificate", "broken_off"];

    // OpenSSL's words for a received alert, in the order of the names: "tlsv1 alert unknown ca", "ssl/tls alert bad certificate" and so on.
    private static readonly string[] Words = [.. Names[..^1].Select(static name => "alert " + name.Replace('_', ' '))];

    public static int BrokenOff => Names.Length - 1;

    /// <summary>Place in <see cref="Names"/>; -1 when it failed of something else.</summary>
    public static int Find(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            var at = Array.FindIndex(Words, words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase));
            if (at >= 0)
            {
                return at;
            }
        }

        return -1;
    }
}
