using System.Globalization;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Bench.Identity;

/// <summary>Certificates of devices below two intermediates, all P-256: three signatures each. One trusted CA is theirs, the others are strangers.</summary>
internal static class ChainLoad
{
    private const int Devices = 100;
    private const string RootName = "CN=root";

    internal static async Task RunAsync(Fleet fleet, TimeSpan time)
    {
        using var root = Authority.Root(RootName);
        using var upper = root.Authorize("CN=upper");
        using var lower = upper.Authorize("CN=lower");
        var logins = Enumerable.Range(0, Devices).Select(i => fleet.AddWithCertificate($"device-{i}", lower.Issue($"device-{i}", upper))).ToArray();
        await RowAsync(1, namesakes: 0);
        await RowAsync(100, namesakes: 0);
        await RowAsync(1_000, namesakes: 0);
        await RowAsync(1_000, namesakes: 9);

        // Others of the same name cost: an issuer is found by its name, and only the signature tells which one it was.
        async Task RowAsync(int count, int namesakes)
        {
            var strangers = Enumerable.Range(0, count - 1).Select(i => Authority.Stranger(i < namesakes ? RootName : string.Create(CultureInfo.InvariantCulture, $"CN=stranger {i}")));
            fleet.Anchors = new TrustAnchors([.. strangers, root.Certificate]);
            var what = namesakes == 0 ? "" : $", {namesakes + 1} of them of one name";
            await Measured.RowAsync($"X.509, two intermediates, {count:N0} trusted {(count == 1 ? "CA" : "CAs")}{what}", fleet.Authenticator, logins, isGood: true, time);
        }
    }
}
