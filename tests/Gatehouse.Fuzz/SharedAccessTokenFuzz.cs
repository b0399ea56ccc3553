using System.Text;
using Gatehouse.Identity.SharedAccess;
using Xunit;

namespace Gatehouse.Fuzz;

public sealed class SharedAccessTokenFuzz
{
    private const string Signature = "sig=3v1w6nQ0c5kq9M0e7vB2m1Uo4y8Zl5Xb0aQ2f7tR1cM%3D";

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            $"SharedAccessSignature sr=localhost%2Fdevices%2Fd1&{Signature}&se=1800000000",
            $"SharedAccessSignature sr=localhost%2fdevices%2fd1%2fmodules%2fm1&{Signature}&skn=device&se=1800000000",
            $"SharedAccessSignature sr=localhost/devices/d1&{Signature}&se=18446744073709551615&skn=",
            $"SharedAccessSignature sr=localhost%2Fdevices%2Fa%252541&{Signature}&se=1800000000",
            $"SharedAccessSignature sr=amqps://[::1]:5671/messages/events/&{Signature}&se=0&skn=iothubowner",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Words = [.. new[] { "&sr=", "&sig=", "&se=", "&skn=", "%2F", "%25", "%00", "%", "//", "devices/", "https://" }.Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Any_text_is_a_token_or_a_fault() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            if (!SharedAccessToken.TryParse(Encoding.UTF8.GetString(input), 4096, out var token, out var fault))
            {
                Assert.NotEmpty(fault);
                return;
            }

            Assert.Equal(SharedAccessToken.SignatureBytes, token.Signature.Length);
            var scope = TokenScope.Parse(token.Resource.Span);
            _ = scope.Covers(["devices", "d1", "modules", "m1"], TokenScope.IdentityKeyDecodings);
            _ = TokenLifetime.SecondsLate(token.Expiry, DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(5));
            _ = TokenLifetime.End(token.Expiry).AddHours(1);
        },
        new FuzzOptions { Words = Words });
}
