using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Contracts.Access;
using Gatehouse.Hub;
using Gatehouse.Hub.Throttling;
using Gatehouse.Server.Composition;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Startup;
using Xunit;

namespace Gatehouse.Server.Tests;

public sealed partial class SettingsTests
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
    [InlineData("--pki-url", "http://pki.example", "--pki-url: 'http://pki.example' names what is closed without --pki-port; allowed: http://host or http://host:port, with a path or without.")]
    [InlineData("--colour", "red", "--colour: there is no such setting; see 'gatehouse up --help'.")]
    [InlineData("--mqtt-port", null, "--mqtt-port: the value is missing.")]
    [InlineData("up", null, "'up': settings start with two dashes; see 'gatehouse up --help'.")]
    public void A_mistake_is_one_line_that_names_setting_value_and_what_is_allowed(string argument, string? value, string expected)
    {
        var errors = SettingsReader.Read(value is null ? [argument] : [argument, value], new Hashtable(), options);

        Assert.Equal(expected, Assert.Single(errors));
    }

    [Theory]
    [InlineData("https://pki.example", "is not plain HTTP, which is what clients follow (RFC 5280 §8)")]
    [InlineData("ldap://pki.example/cn=ca", "is not plain HTTP, which is what clients follow (RFC 5280 §8)")]
    [InlineData("pki.example:8080", "is not understood")]
    [InlineData("", "is not understood")]
    [InlineData("http://", "is not understood")]
    [InlineData("http:///fleet", "is not understood")]
    [InlineData("http://user@pki.example", "is not understood")]
    [InlineData("http://pki.example/?", "is not understood")]
    [InlineData("http://pki.example/#a", "is not understood")]
    [InlineData("http://pki.example/a b", "is not understood")]
    [InlineData("http://pki.example:99999", "is not understood")]
    [InlineData("http://bücher.example", "is not understood")]
    public void A_public_address_that_no_client_would_follow_is_a_mistake(string url, string problem)
    {
        var errors = SettingsReader.Read(["--pki-url", url, "--pki-port", "0"], new Hashtable(), options);

        Assert.StartsWith($"--pki-url: '{url}' {problem}; allowed: ", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Null(options.Provisioning.PkiUrl);
    }

    [Theory]
    [InlineData("http://pki.example", "http://pki.example")]
    [InlineData("HTTP://Pki.Example:80/", "http://pki.example")]
    [InlineData("http://10.0.0.7:8080/plant/", "http://10.0.0.7:8080/plant")]
    [InlineData("http://[fd00::7]:8080", "http://[fd00::7]:8080")]
    public void A_public_address_is_spelled_in_one_way(string url, string expected)
    {
        Assert.Empty(SettingsReader.Read(["--pki-url", url, "--pki-port", "0"], new Hashtable(), options));

        Assert.Equal(expected, options.Provisioning.PkiUrl);
    }

    // Least, most and one past each, in the words of the table itself.
    [Theory]
    [MemberData(nameof(Ranges))]
    public void A_number_at_either_end_of_its_range_is_taken_and_one_past_it_is_not(string name, string least, string most, string below, string above)
    {
        Assert.Empty(SettingsReader.Read([$"--{name}", least], new Hashtable(), new ServerOptions()));
        Assert.Empty(SettingsReader.Read([$"--{name}", most], new Hashtable(), new ServerOptions()));
        Assert.Contains(" is ", Assert.Single(SettingsReader.Read([$"--{name}", below], new Hashtable(), new ServerOptions())), StringComparison.Ordinal);
        Assert.Contains(" is ", Assert.Single(SettingsReader.Read([$"--{name}", above], new Hashtable(), new ServerOptions())), StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_reach_the_options_of_their_feature()
    {
        var bound = Bind("--query-time", "20s", "--twin-desired-bytes", "65536", "--method-calls-per-device", "7", "--c2d-queue-depth", "9", "--file-blocks", "11", "--file-notification-ttl", "2h", "--feedback-lock", "7s");

        Assert.Equal(TimeSpan.FromSeconds(20), bound.Queries.TimeLimit);
        Assert.Equal((65_536, 7, 9, 11), (bound.Twins.MaxDesiredBytes, bound.Methods.MaxCallsPerDevice, bound.CloudToDevice.MaxQueueDepth, bound.Files.MaxBlocks));
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromSeconds(7)), (bound.FileNotifications.TimeToLive, bound.Feedback.LockDuration));
    }

    [Theory]
    [InlineData("", ThrottleTier.Off, 1, 1.0)]
    [InlineData("--throttle-units 3", ThrottleTier.S1, 3, 1.0)]
    [InlineData("--throttle-tier S2 --throttle-units 2 --throttle-scale 50", ThrottleTier.S2, 2, 0.5)]
    [InlineData("--throttle-tier off --throttle-units 2", ThrottleTier.Off, 2, 1.0)]
    public void Throttling_is_off_until_an_edition_or_units_are_named(string arguments, ThrottleTier tier, int units, double scale)
    {
        var bound = Bind(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Throttling;

        Assert.Equal((tier, units, scale), (bound.Tier, bound.Units, bound.Scale));
    }

    [Fact]
    public void A_limit_of_one_class_goes_before_the_edition_and_the_older_name_before_both()
    {
        var bound = Bind("--throttle-tier", "S1", "--throttle-limit", "twin-reads=7/s", "--throttle-limit", "queries=off", "--throttle-limit", "device-to-cloud-sends=5/s", "--hub-messages-per-second", "9").Throttling;

        Assert.Equal(7, bound.LimitOf(ThrottleClass.TwinReads)?.PerSecond);
        Assert.Null(bound.LimitOf(ThrottleClass.Queries));
        Assert.Equal(9, bound.LimitOf(ThrottleClass.DeviceToCloudSends)?.PerSecond);
        Assert.Equal(50, bound.LimitOf(ThrottleClass.TwinWrites)?.PerSecond);
    }

    [Theory]
    [InlineData("nothing=1/s", "names no class")]
    [InlineData("queries", "names no class")]
    [InlineData("queries=1", "is no rate")]
    [InlineData("queries=0/m", "is no rate")]
    public void A_limit_that_cannot_be_read_is_a_mistake(string text, string expected) =>
        Assert.Contains(expected, Assert.Single(SettingsReader.Read(["--throttle-limit", text], new Hashtable(), options)), StringComparison.Ordinal);

    public static TheoryData<string, string, string, string, string> Ranges()
    {
        var data = new TheoryData<string, string, string, string, string>();
        foreach (var setting in Settings.All.Where(setting => setting.Allowed.Contains('–', StringComparison.Ordinal) || setting.Allowed.Contains("at least", StringComparison.Ordinal)))
        {
            var range = Range().Match(setting.Allowed);
            Assert.True(range.Success, $"{setting.Name}: {setting.Allowed}");
            var (leastUnit, mostUnit) = (range.Groups["leastUnit"].Value, range.Groups["mostUnit"].Value);
            var least = Int128.Parse(range.Groups["least"].Value, CultureInfo.InvariantCulture);
            var most = range.Groups["most"].Success ? Int128.Parse(range.Groups["most"].Value, CultureInfo.InvariantCulture) : long.MaxValue;
            data.Add(setting.Name, $"{least}{leastUnit}", $"{most}{mostUnit}", $"{least - 1}{leastUnit}", $"{most + 1}{mostUnit}");
        }

        return data;
    }

    [GeneratedRegex(@"^(bytes, |percent, |bytes per partition, )?((?<least>\d+)(?<leastUnit>[smhd]?)–(?<most>\d+)(?<mostUnit>[smhd]?)|at least (?<least>\d+))(; 0 lets the system choose)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Range();

    private static HubOptions Bind(params string[] arguments)
    {
        var options = new ServerOptions();
        Assert.Empty(SettingsReader.Read(arguments, new Hashtable(), options));
        using var folder = new TemporaryFolder();
        using var data = DataDirectory.Open(folder.Path);
        return new BoundOptions(options, data).Hub;
    }

    [Theory]
    [InlineData(15, false)]
    [InlineData(16, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void A_secret_has_its_length_and_is_never_repeated_in_an_error(int length, bool isTaken)
    {
        var secret = new string('x', length);

        var errors = SettingsReader.Read(["--allocation-secret", secret], new Hashtable(), options);

        Assert.Equal(isTaken, errors.Count == 0);
        Assert.DoesNotContain(errors, error => error.Contains(secret, StringComparison.Ordinal));
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
