using Xunit;

namespace Gatehouse.Transport.Tests;

/// <summary>Waits for what another thread is about to do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task TrueAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "It did not come true in time.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The other side ends the stream (or resets it) in time.</summary>
    public static async Task ClosedAsync(Stream stream)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await stream.ReadAsync(new byte[1024], patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
        }
    }
}
