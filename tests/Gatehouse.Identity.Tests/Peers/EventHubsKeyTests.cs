using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>Clients of Event Hubs sign with the text of a policy's key, where those of IoT Hub sign with what the text stands for.</summary>
public sealed class EventHubsKeyTests
{
    [Theory]
    [InlineData("service-1")]
    [InlineData("service-2")]
    public async Task The_text_of_either_key_is_good_for_an_event_hubs_audience(string key)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var audience = $"sb://{PeerWorld.Host}/hub/ConsumerGroups/$Default/Partitions/0";

        var proved = await proofs.PutTokenAsync(audience, TextToken(world, audience, key), TestContext.Current.CancellationToken);

        Assert.True(proved.IsOk, world.Refusals.Count > 0 ? world.Refusals[^1].Detail : "");
        Assert.True(proofs.Reach(PeerWorld.Host, "hub/ConsumerGroups/$Default/Partitions/0", Operations.ReadEvents).IsOk);
        Assert.False(proofs.Reach(PeerWorld.Host, "hub/ConsumerGroups/$Default/Partitions/1", Operations.ReadEvents).IsOk);
    }

    [Fact]
    public async Task Another_keys_text_is_refused()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var audience = $"sb://{PeerWorld.Host}/hub";

        Assert.False((await proofs.PutTokenAsync(audience, TextToken(world, audience, "device-1"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.TokenSignatureWrong, world.LastReason);
    }

    [Fact]
    public async Task The_text_is_good_for_nothing_but_an_event_hubs_audience()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        Assert.False((await proofs.PutTokenAsync(PeerWorld.Host, TextToken(world, PeerWorld.Host, "service-1"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.TokenSignatureWrong, world.LastReason);
    }

    private static string TextToken(PeerWorld world, string audience, string key)
    {
        var resource = Uri.EscapeDataString(audience);
        var text = Encoding.UTF8.GetBytes(Convert.ToBase64String(MemoryCredentials.Key(key)));
        var signature = Convert.ToBase64String(HMACSHA256.HashData(text, Encoding.UTF8.GetBytes($"{resource}\n{world.InAnHour}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={world.InAnHour}&skn=service";
    }
}
