using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.Peers;
using Gatehouse.Identity.SharedAccess;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Audiences of <c>$cbs</c> and user names of SASL PLAIN: at most two readings, each a valid identity.</summary>
public sealed class PeerNamesFuzz
{
    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "localhost%2Fdevices%2Fd1", "amqps://localhost:5671/devices/a%41/modules/m%2541", "sb://localhost/hub/ConsumerGroups/$Default/Partitions/0", "[::1]:5671/messages/events/",
            "d1@sas.hub", "d%401/modules/m1@sas.hub.example.com", "iothubowner@sas.root.hub",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Words = [.. new[] { "@sas.", "root.", "/modules/", "devices/", "%2F", "%25", "%00", "//", "://" }.Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Any_text_names_identities_or_nothing() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var text = Encoding.UTF8.GetString(input);
            var scope = TokenScope.Parse(text);
            Check(PeerNames.OfPath(scope.Path));
            _ = NodeScope.Covers(scope, HubName.Parse("hub"), ["hub", "ConsumerGroups", "$Default", "Partitions", "0"]);
            if (PeerNames.OfPlain(text) is { } user)
            {
                Assert.Equal(user.Policy is null, user.Identities.Count > 0);
                Check(user.Identities);
            }
        },
        new FuzzOptions { Words = Words });

    private static void Check(IReadOnlyList<IdentityKey> identities)
    {
        Assert.InRange(identities.Count, 0, 2);
        foreach (var identity in identities)
        {
            Assert.True(IdentityKey.TryParse(identity.ToString(), out var parsed) && parsed == identity);
        }
    }
}
