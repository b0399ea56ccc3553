using System.Collections;
using Gatehouse.Server.Configuration;
using Xunit;

namespace Gatehouse.Server.Tests;

public sealed class SettingsTests
{
    private readonly ServerOptions options = new();

    [Theory]
    [InlineData("--mqtt-port", "x", "--mqtt-port: 'x' is not a whole number; allowed: 0–65535; 0 lets the system choose.")]
    [InlineData("--mqtt-port", "65536", "--mqtt-port: '65536' is out of range; allowed: 0–65535; 0 lets the system choose.")]
    [InlineData("--mqtt-port", "-1", "--mqtt-port: '-1' is not a whole number; allowed: 0–65535; 0 lets the system choose.")]
    [InlineData("--mqtt-port", "", "--mqtt-port: '' is not a whole number; allowed: 0–65535; 0 lets the system choose.")]
    [InlineData("--retention", "1w", "--retention: '1w' is not a number with s, m, h or d; allowed: 1h–30d.")]
    [InlineData("--retention", "59m", "--retention: '59m' is out of range; allowed: 1h–30d.")]
    [InlineData("--retention", "31d", "--retention: '31d' is out of range; allowed: 1h–30d.")]
    [InlineData("--minimum-tls", "1.1", "--minimum-tls: '1.1' is none of the words; allowed: 1.2 or 1.3.")]
    [InlineData("--partitions", "1", "--partitions: '1' is out of range; allowed: 2–32.")]
    [InlineData("--partitions", "33", "--partitions: '33' is out of range; allowed: 2–32.")]
    [InlineData("--host-name", "a b", "--host-name: 'a b' is not a host name; allowed: DNS name or IP address.")]
    [InlineData("--address", "localhost", "--address: 'localhost' is not an IP address; allowed: IP address.")]
    [InlineData("--json-log=maybe", null, "--json-log: 'maybe' is neither true nor false; allowed: true or false.")]
    [InlineData("--colour", "red", "--colour: there is no such setting; see 'gatehouse up --help'.")]
    [InlineData("--mqtt-port", null, "--mqtt-port: the value is missing.")]
    [InlineData("up", null, "'up': settings start with two dashes; see 'gatehouse up --help'.")]
    public void A_mistake_is_one_line_that_names_setting_value_and_what_is_allowed(string argument, string? value, string expected)
    {
        var errors = SettingsReader.Read(value is null ? [argument] : [argument, value], new Hashtable(), options);

        Assert.Equal(expected, Assert.Single(errors));
    }

    [Fact]
    public void A_database_address_is_never_repeated_in_an_error()
    {
        var errors = SettingsReader.Read(["--store", "mysql://user:secret@db"], new Hashtable(), options);

        Assert.DoesNotContain("secret", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "mqtt-port": 1, "https-port": 2, "partitions": 8, "host-name": ["a.example", "b.example"], "json-log": true }""");
            var environment = new Hashtable { ["GATEHOUSE_MQTT_PORT"] = "3", ["GATEHOUSE_HTTPS_PORT"] = "4" };

            var errors = SettingsReader.Read(["--config", file, "--mqtt-port", "5"], environment, options);

            Assert.Empty(errors);
            Assert.Equal((5, 4, 8, true), (options.MqttPort, options.HttpsPort, options.Partitions, options.JsonLog));
            Assert.Equal(["a.example", "b.example"], options.HostNames);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("[1]", "must hold one JSON object")]
    [InlineData("{", "is not JSON")]
    [InlineData("{\"mqtt-port\": {}}", "a text, number, true, false or a list of them is expected")]
    [InlineData("{\"mqtt-port\": null}", "a text, number, true, false or a list of them is expected")]
    [InlineData("{\"nope\": 1}", "there is no such setting")]
    [InlineData("{\"mqtt-port\": [1, 2]}", "given more than once")]
    public void A_mistake_in_the_file_names_the_file(string content, string expected)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, content);

            var error = Assert.Single(SettingsReader.Read(["--config", file], new Hashtable(), options));

            Assert.Contains(file, error, StringComparison.Ordinal);
            Assert.Contains(expected, error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_setting_says_what_it_means_what_is_allowed_and_its_default()
    {
        Assert.All(Settings.All, setting => Assert.All([setting.Name, setting.Meaning, setting.Allowed, setting.Default], Assert.NotEmpty));
        Assert.Equal(Settings.All.Count, Settings.All.Select(setting => setting.Name).Distinct().Count());
    }
}
