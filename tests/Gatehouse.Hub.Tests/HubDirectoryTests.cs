using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>How a hub is found by what clients write.</summary>
public sealed class HubDirectoryTests
{
    [Theory]
    [InlineData("one", "one")]
    [InlineData("ONE", "one")]             // a label in any case
    [InlineData("one.example.com", "one")]
    [InlineData("localhost", "one")]
    [InlineData("alias", "two")]
    [InlineData("two", "two")]             // its name, though no host has it
    [InlineData("shared", null)]           // a label of both
    [InlineData("192", null)]              // an address has no labels
    [InlineData("192.0.2.1", "two")]
    [InlineData("example", null)]
    [InlineData("one.", null)]
    [InlineData("", null)]
    public void A_hub_is_found_by_name_host_or_a_label_of_its_own(string text, string? name)
    {
        var directory = new HubDirectory();
        directory.Replace(
        [
            new HubEntry(HubName.Parse("one"), ["localhost", "one.example.com", "shared.example.com"]),
            new HubEntry(HubName.Parse("two"), ["alias.example.com", "alias.example.org", "shared.example.org", "192.0.2.1"]),
        ]);

        Assert.Equal(name, directory.FindByLabel(text)?.Name.Value);
    }
}
