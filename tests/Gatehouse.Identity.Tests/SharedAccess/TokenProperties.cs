using System.Text;
using CsCheck;
using Gatehouse.Identity.SharedAccess;
using Xunit;

namespace Gatehouse.Identity.Tests.SharedAccess;

public sealed class TokenProperties
{
    [Fact]
    public void A_changed_token_is_accepted_only_if_it_still_says_the_same()
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1");
        var good = SasText.For("/devices/dev1", "dev1-1").ToString();
        Assert.True(SharedAccessToken.TryParse(good, 4096, out var original, out _));
        var devices = world.Devices(SasText.Now);

        Gen.Int[0, good.Length - 1].Select(Gen.Char['!', '~']).Sample(
            (at, letter) =>
            {
                var changed = good[..at] + letter + good[(at + 1)..];
                var verdict = devices.AuthenticateAsync(new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), changed, null), CancellationToken.None).AsTask().GetAwaiter().GetResult();
                return verdict is Verdict.Refused || (SharedAccessToken.TryParse(changed, 4096, out var token, out _) && SaysTheSame(original, token));
            },
            iter: 5_000);
    }

    [Fact]
    public void Percent_text_decodes_what_was_encoded_and_leaves_a_plus() => Printable.Sample(text =>
        PercentText.TryDecode(Uri.EscapeDataString(text), out var decoded) && decoded == text
        && PercentText.TryDecode(text.Replace("%", "%25", StringComparison.Ordinal), out var plain) && plain == text);

    [Fact]
    public void Nothing_but_printable_text_comes_out_of_percent_text() => Gen.Byte.Array[0, 20].Sample(bytes =>
    {
        var escaped = string.Concat(bytes.Select(b => $"%{b:X2}"));
        var isPrintable = bytes.All(b => b is >= 0x20 and <= 0x7E);
        return PercentText.TryDecode(escaped, out var decoded) == isPrintable && (!isPrintable || decoded == Encoding.ASCII.GetString(bytes));
    });

    [Fact]
    public void A_destination_that_is_too_short_is_not_overrun()
    {
        Span<char> destination = stackalloc char[3];

        Assert.False(PercentText.TryDecode("abcd", destination, out var written));
        Assert.Equal(3, written);
        Assert.True(PercentText.TryDecode("a%62c", destination, out written));
        Assert.Equal("abc", destination[..written].ToString());
    }

    [Fact]
    public void A_scope_covers_by_segments()
    {
        var segments = Gen.Char["ab"].Array[1, 2].Select(c => new string(c)).Array[0, 4];
        segments.Select(segments).Sample((scope, resource) =>
        {
            var covers = TokenScope.Parse($"host/{string.Join('/', scope)}").Covers(resource, TokenScope.PolicyKeyDecodings);
            return covers == (scope.Length <= resource.Length && scope.AsSpan().SequenceEqual(resource.AsSpan(0, scope.Length)));
        });
    }

    private static bool SaysTheSame(SharedAccessToken a, SharedAccessToken b) =>
        a.Resource.Span.SequenceEqual(b.Resource.Span) && a.ExpiryText.Span.SequenceEqual(b.ExpiryText.Span) && a.Signature.SequenceEqual(b.Signature) && a.PolicyName == b.PolicyName;

    private static Gen<string> Printable { get; } = Gen.Char[' ', '~'].Array[0, 600].Select(c => new string(c));
}
