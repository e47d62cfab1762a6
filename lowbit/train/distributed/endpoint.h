#ifndef LOWBIT_TRAIN_DISTRIBUTED_ENDPOINT_H_
#define LOWBIT_TRAIN_DISTRIBUTED_ENDPOINT_H_

// Looks at an address before libtorch uses it, whose own words about a port in use or a host that does not answer are
// several lines of warnings.

#include <string>

#include "lowbit/base/result.h"

namespace lowbit::train::distributed {

// Errors: `port` of this machine cannot be listened on (in use, or below 1024 without the right to).
Status CheckPortIsFree(int port);

// Waits until something listens at address:port, asking ten times a second. Errors: the name is unknown; nothing answers
// within the time.
Status WaitForListener(const std::string& address, int port, double timeout_seconds);

// The address of this machine on the way to that one, as a number ("192.168.1.5"): where others on that way reach it.
Result<std::string> LocalAddressTowards(const std::string& address, int port);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_ENDPOINT_H_
