using System.Text;
using Gatehouse.Provisioning.ServiceDoor;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>What is wrong with a body is found when it is read, also in the parts that are only passed on.</summary>
public sealed class JsonBodyTests
{
    [Theory]
    [InlineData("""{"optionalDeviceInformation":{"a":"§"}}""", false)]
    [InlineData("""{"optionalDeviceInformation":{"§":1}}""", false)]
    [InlineData("""{"initialTwin":{"tags":{"a":["§"]}}}""", false)]
    [InlineData("""{"deviceId":"d","DeviceId":"d"}""", false)]
    [InlineData("""{"optionalDeviceInformation":{"a":"s"}}""", true)]
    public void A_body_is_utf8_and_names_nothing_twice(string body, bool isRead)
    {
        // A section sign is two bytes in UTF-8; in Latin-1 its one byte is no UTF-8.
        Assert.Equal(isRead, JsonBody.Parse(Encoding.Latin1.GetBytes(body), ProvisioningJson.Types.EnrollmentDocument).IsOk);
    }

    [Theory]
    [InlineData("§", false)]
    [InlineData("s", true)]
    public void So_is_the_payload_of_a_registration(string text, bool isRead) =>
        Assert.Equal(isRead, JsonBody.Parse(Encoding.Latin1.GetBytes($$$"""{"registrationId":"d","payload":{"a":"{{{text}}}"}}"""), ProvisioningJson.Types.RegistrationBody).IsOk);
}
