using Gatehouse.ServiceApi.Amqp;
using Gatehouse.Transport.Amqp;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

public sealed class EventAddressTests
{
    [Theory]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/0", "$Default", 0)]
    [InlineData("/hub/consumergroups/Second/partitions/31", "Second", 31)]
    [InlineData("amqps://hub.example:5671/hub/ConsumerGroups/%24Default/Partitions/3", "$Default", 3)]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/-1", "$Default", null)]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/+1", "$Default", null)]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/99999999999", "$Default", null)]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/x", "$Default", null)]
    public void A_partition_of_a_group_is_a_receiver(string text, string group, int? partition)
    {
        Assert.Equal(new EventAddress.Receiver("hub", group, partition), Read(text));
    }

    [Theory]
    [InlineData("$management", null)]
    [InlineData("/$Management", null)]
    [InlineData("hub/$management", "hub")]
    [InlineData("amqps://hub.example/hub/$management", "hub")]
    public void Management_may_name_its_entity(string text, string? entity)
    {
        Assert.Equal(new EventAddress.Management(entity), Read(text));
    }

    [Theory]
    [InlineData("messages/events", "")]
    [InlineData("/messages/events/", "")]
    [InlineData("amqps://hub.example/messages/events/$management", "/$management")]
    [InlineData("/messages/Events/ConsumerGroups/$Default/Partitions/0", "/ConsumerGroups/$Default/Partitions/0")]
    public void The_hubs_own_name_is_redirected_with_what_follows(string text, string suffix)
    {
        Assert.Equal(new EventAddress.Redirected(suffix), Read(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("$cbs")]
    [InlineData("hub")]
    [InlineData("hub/Partitions/0")]
    [InlineData("hub/ConsumerGroups/$Default/Partitions")]
    [InlineData("hub/ConsumerGroups//Partitions/0")]
    [InlineData("hub/ConsumerGroups/$Default/Partitions/0/more")]
    [InlineData("hub/x/$management")]
    [InlineData("devices/d/messages/events")]
    [InlineData("messages/devicebound")]
    [InlineData("messages/serviceBound/feedback")]
    public void Anything_else_is_another_doors(string text)
    {
        Assert.Null(Read(text));
    }

    private static EventAddress? Read(string text)
    {
        Assert.True(AmqpAddress.TryParse(text, out var address));
        return EventAddress.From(address!);
    }
}
