using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Wire.Tests.Mqtt;

public sealed class GrammarTests
{
    private static readonly IdentityKey Device = Identity("d");
    private static readonly IdentityKey Module = Identity("d/m");

    [Theory]
    [InlineData("a%20b", "a b")]
    [InlineData("a+b", "a+b")]
    [InlineData("%e2%82%AC", "€")]
    [InlineData("100%", "100%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz%41", "%zzA")]
    [InlineData("", "")]
    public void Percent_decoding_is_lenient(string encoded, string expected)
    {
        var source = Encoding.UTF8.GetBytes(encoded);
        var target = new byte[source.Length];

        var written = PercentDecoder.Decode(source, target);

        Assert.Equal(expected, Encoding.UTF8.GetString(target, 0, written));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a=b", "a=b;")]
    [InlineData("a&b=&c=d=e&&", "a;b=;c=d=e;")]
    [InlineData("=x", "=x;")]
    public void A_bag_tells_null_from_empty(string bag, string expected)
    {
        var found = new StringBuilder();
        var properties = new PropertyBag(Encoding.UTF8.GetBytes(bag));
        while (properties.Read())
        {
            found.Append(Encoding.UTF8.GetString(properties.Key)).Append(properties.HasValue ? "=" : "").Append(Encoding.UTF8.GetString(properties.Value)).Append(';');
        }

        Assert.Equal(expected, found.ToString());
    }

    [Theory]
    [InlineData("d", "devices/d/messages/events", "")]
    [InlineData("d", "devices/d/messages/events/", "")]
    [InlineData("d", "devices/d/messages/events/a=b/", "a=b")]
    [InlineData("d", "devices/d/messages/events/?a=b", "a=b")]
    [InlineData("#", "devices/#/messages/events/a", "a")]
    [InlineData("d/m", "devices/d/modules/m/messages/events/%24.on=out/", "%24.on=out")]
    [InlineData("d", "devices/d/messages/eventsX", null)]
    [InlineData("d", "devices/e/messages/events/", null)]
    [InlineData("d", "devices/d/modules/m/messages/events/", null)]
    [InlineData("d/m", "devices/d/messages/events/", null)]
    [InlineData("d", "Devices/d/messages/events/", null)]
    [InlineData("+", "devices/d/messages/events/", null)]
    public void A_telemetry_topic_is_the_owner_s_or_none(string identity, string topic, string? bag)
    {
        var matches = new TelemetryTopic(Identity(identity)).TryMatch(Encoding.UTF8.GetBytes(topic), out var found);

        Assert.Equal(bag is not null, matches);
        Assert.Equal(bag ?? "", Encoding.UTF8.GetString(found));
    }

    [Theory]
    [InlineData("devices/d/messages/devicebound/#", SubscriptionKind.CloudToDevice)]
    [InlineData("$iothub/methods/POST/#", SubscriptionKind.Methods)]
    [InlineData("$IoTHub/twin/res/#", SubscriptionKind.TwinResponses)]
    [InlineData("$iothub/credentials/res/#", SubscriptionKind.Credentials)]
    [InlineData("$iothub/twin/PATCH/properties/desired/#", SubscriptionKind.DesiredProperties)]
    public void A_device_s_filters_are_known(string filter, SubscriptionKind expected)
    {
        Assert.True(SubscriptionFilter.TryMatch(filter, Device, out var kind));
        Assert.Equal(expected, kind);
    }

    [Theory]
    [InlineData("#")]
    [InlineData("devices/+/messages/devicebound/#")]
    [InlineData("devices/e/messages/devicebound/#")]
    [InlineData("devices/d/modules/m/#")]
    [InlineData("$iothub/#")]
    [InlineData("$SYS/#")]
    [InlineData("")]
    public void A_device_gets_nothing_else(string filter) => Assert.False(SubscriptionFilter.TryMatch(filter, Device, out _));

    [Theory]
    [InlineData("devices/d/modules/m/#", true)]
    [InlineData("devices/d/modules/m/inputs/#", true)]
    [InlineData("devices/d/modules/n/#", false)]
    [InlineData("devices/d/messages/devicebound/#", false)]
    [InlineData("devices/d/modules/m/outputs/#", false)]
    public void A_module_gets_its_own_inputs(string filter, bool expected) => Assert.Equal(expected, SubscriptionFilter.TryMatch(filter, Module, out _));

    [Theory]
    [InlineData("h/d/?api-version=2021-04-12&DeviceClientType=a%20b&model-id=dtmi:x;1", "d", "h", "2021-04-12", "a b", "dtmi:x;1")]
    [InlineData("h:18883/d/api-version=1", "d", "h:18883", "1", null, null)]
    [InlineData("h/d?api-version=1", "d", "h", "1", null, null)]
    [InlineData("h/d", "d", "h", null, null, null)]
    [InlineData("h/d/m/?api-version=1&api-version=2", "d/m", "h", "1", null, null)]
    [InlineData("h/a?b/?api-version=1", "a?b", "h", "1", null, null)]
    [InlineData("h/d/m/api-version=2017-06-30/DeviceClientType=x/1", "d/m", "h", "2017-06-30/DeviceClientType=x/1", null, null)]
    public void A_user_name_is_read_in_all_its_forms(string text, string clientId, string host, string? version, string? type, string? model)
    {
        Assert.True(UserName.TryParse(text, clientId, out var user));
        Assert.Equal(new UserName(host, version, type, model), user);
    }

    [Theory]
    [InlineData("h", "d")]
    [InlineData("/d", "d")]
    [InlineData("h/e", "d")]
    [InlineData("h/dx", "d")]
    [InlineData("h/D", "d")]
    [InlineData("h/d/m/?api-version=1", "d")]
    [InlineData("", "d")]
    public void A_user_name_of_somebody_else_is_refused(string text, string clientId) => Assert.False(UserName.TryParse(text, clientId, out _));

    private static IdentityKey Identity(string text) => IdentityKey.TryParse(text, out var key) ? key : throw new FormatException(text);
}
