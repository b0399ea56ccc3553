using System.Security.Cryptography;

namespace Gatehouse.Bench.Identity;

/// <summary>SAS tokens: parsed, both keys unsealed, two HMACs, scope and expiry.</summary>
internal sealed class TokenLoad(Fleet fleet)
{
    private const int Devices = 10_000;

    internal async Task RunAsync(TimeSpan time)
    {
        var good = Enumerable.Range(0, Devices).Select(i => fleet.AddWithToken($"device-{i}")).ToArray();
        var expiry = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var wrong = good.Select(login => Fleet.Login(login.Identity, $"{Fleet.Host}%2Fdevices%2F{login.Identity}", expiry, RandomNumberGenerator.GetBytes(32))).ToArray();
        await Measured.RowAsync("SAS token, secondary key", fleet.Authenticator, good, isGood: true, time);
        await Measured.RowAsync("SAS token, wrong signature", fleet.Authenticator, wrong, isGood: false, time);
    }
}
