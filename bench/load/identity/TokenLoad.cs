using System.Security.Cryptography;

namespace Gatehouse.Bench.Identity;

/// <summary>SAS tokens: parsed, keys unsealed one after the other until one has signed, an HMAC for each, scope and expiry.</summary>
internal sealed class TokenLoad(Fleet fleet, int devices, string where)
{
    internal async Task RunAsync(TimeSpan time)
    {
        var usual = Enumerable.Range(0, devices).Select(i => fleet.AddWithToken($"device-{i}", isSecondary: false)).ToArray();
        var good = Enumerable.Range(0, devices).Select(i => fleet.AddWithToken($"rolled-{i}", isSecondary: true)).ToArray();
        var derived = Enumerable.Range(0, devices).Select(i => fleet.AddWithToken($"derived-{i}", isSecondary: false, isDerived: true)).ToArray();
        var expiry = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var wrong = good.Select(login => Fleet.Login(login.Identity, $"{Fleet.Host}%2Fdevices%2F{login.Identity}", expiry, RandomNumberGenerator.GetBytes(32))).ToArray();
        await Measured.RowAsync($"SAS token{where}, primary key", fleet.Authenticator, usual, isGood: true, time);
        await Measured.RowAsync($"SAS token{where}, derived primary key", fleet.Authenticator, derived, isGood: true, time);
        await Measured.RowAsync($"SAS token{where}, secondary key", fleet.Authenticator, good, isGood: true, time);
        await Measured.RowAsync($"SAS token{where}, wrong signature", fleet.Authenticator, wrong, isGood: false, time);
    }
}
