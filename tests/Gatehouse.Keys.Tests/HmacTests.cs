using System.Security.Cryptography;
using Xunit;

namespace Gatehouse.Keys.Tests;

public sealed class HmacTests
{
    [Fact]
    public void Every_length_of_key_and_message_gives_what_the_platform_gives()
    {
        for (var size = 0; size <= 130; size++)
        {
            var (key, message, mac) = (RandomNumberGenerator.GetBytes(size), RandomNumberGenerator.GetBytes(size * 3), new byte[HMACSHA256.HashSizeInBytes]);

            HmacSha256.Hash(key, message, mac);

            Assert.Equal(HMACSHA256.HashData(key, message), mac);
        }
    }

    [Fact]
    public void Threads_do_not_disturb_each_other()
    {
        var (key, message) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(70));
        var expected = HMACSHA256.HashData(key, message);
        var wrong = 0;
        Parallel.For(0, 10_000, _ =>
        {
            Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HmacSha256.Hash(key, message, mac);
            if (!mac.SequenceEqual(expected))
            {
                Interlocked.Increment(ref wrong);
            }
        });

        Assert.Equal(0, wrong);
    }
}
